/* oxlint-disable typescript/no-explicit-any, typescript/no-unsafe-member-access, typescript/no-unsafe-assignment, typescript/no-unsafe-argument, typescript/no-unsafe-call, typescript/no-unsafe-return -- trees of unknown depth; a schema has checked their shape, and every assertion names what it expects */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { describe, expect, it } from 'vitest';
import * as appsV1 from 'kubernetes-models/apps/v1';
import * as autoscalingV2 from 'kubernetes-models/autoscaling/v2';
import * as networkingV1 from 'kubernetes-models/networking.k8s.io/v1';
import * as policyV1 from 'kubernetes-models/policy/v1';
import * as coreV1 from 'kubernetes-models/v1';
import { mountPlaces, readEnvironment } from '@sallyport/server';
import { findProgram } from '../transport/find-program.ts';
import { workspaceRoot } from '../../tools/workspace-root.ts';
import { environmentOf, lineageOf, readStages } from './dockerfile.ts';
import { deployedUpstreams, imageNames } from './image-names.ts';
import { writeSecretFiles } from './secret-files.ts';

const deploy = path.join(workspaceRoot, 'deploy');
const kubectl = findProgram('kubectl');

/** The shapes of the Kubernetes API, by apiVersion; the models check themselves against its JSON schemas. */
const models: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  v1: coreV1,
  'apps/v1': appsV1,
  'policy/v1': policyV1,
  'autoscaling/v2': autoscalingV2,
  'networking.k8s.io/v1': networkingV1,
};

// What follows reads objects whose shape the first test has checked against the schema.
type Tree = any;

const kustomization: Tree = parse(readFileSync(path.join(deploy, 'kustomization.yaml'), 'utf8'));
const objects: readonly Tree[] = readdirSync(path.join(deploy, 'kubernetes')).flatMap((file) =>
  readObjects(path.join(deploy, 'kubernetes', file)),
);
const ofKind = (kind: string): readonly Tree[] => objects.filter((object) => object.kind === kind);
const deployments = ofKind('Deployment');
const podOf = (deployment: Tree): Tree => deployment.spec.template.spec;
const containerOf = (deployment: Tree): Tree => podOf(deployment).containers[0];

describe('deploy/ingress-nginx/shop.yaml', () => {
  const ingresses = readObjects(path.join(deploy, 'ingress-nginx/shop.yaml'));

  it.each(ingresses.map((object) => [object.metadata.name, object] as const))(
    'holds a valid Ingress %s',
    (_, object) => {
      expect(() => new networkingV1.Ingress(object).validate()).not.toThrow();
    },
  );

  it('sends all that the gateway answers itself to it', () => {
    const paths = ingresses[1].spec.rules[0].http.paths.map((one: Tree) => one.path);
    for (const { prefix } of mountPlaces)
      expect(paths.some((path: string) => `${prefix}/`.startsWith(path) || path === prefix)).toBe(true);
  });
});

describe('the Kubernetes manifests', () => {
  it.each(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object] as const))(
    'hold a valid %s',
    (_name, object) => {
      const model = models[object.apiVersion]?.[object.kind] as (new (data: unknown) => Tree) | undefined;
      expect(model).toBeDefined();
      if (model !== undefined) expect(() => new model(object).validate()).not.toThrow();
    },
  );

  it('are all part of the kustomization, whose files exist', () => {
    const files = readdirSync(path.join(deploy, 'kubernetes')).map((file) => `kubernetes/${file}`);
    expect(new Set(kustomization.resources)).toEqual(new Set(files));
    const generated = kustomization.configMapGenerator.flatMap((map: Tree) => map.files ?? []);
    for (const file of generated) expect(existsSync(path.join(deploy, file))).toBe(true);
  });

  it.skipIf(kubectl === undefined)('are put together by kubectl (skipped where it is not installed)', () => {
    const text = execFileSync(kubectl ?? '', ['kustomize', deploy], { encoding: 'utf8' });
    const built = parseAllDocuments(text).map((document) => document.toJS());
    expect(built).toHaveLength(objects.length + kustomization.configMapGenerator.length);
    for (const object of built.filter(({ kind }) => kind !== 'Namespace')) {
      expect(object.metadata.namespace).toBe('sallyport');
    }
    expect(text).not.toMatch(/:latest\b/);
    for (const [, image = ''] of text.matchAll(/image: (.*)/g))
      expect(image).toMatch(/^registry\.example\.com\/.*:0\.1\.0$/);
  });
});

describe('every deployment', () => {
  it('is there', () => {
    expect(new Set(deployments.map(({ metadata }) => metadata.name))).toEqual(new Set(imageNames));
  });

  it.each(deployments.map((deployment) => [deployment.metadata.name as string, deployment] as const))(
    '%s: runs as an unprivileged user, on a read-only file system, without kernel capabilities',
    (_name, deployment) => {
      const pod = podOf(deployment);
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.containers).toHaveLength(1);
      const { securityContext, resources } = containerOf(deployment);
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(resources.requests).toMatchObject({ cpu: expect.any(String) as unknown });
      expect(resources.limits).toMatchObject({ memory: expect.any(String) as unknown });
    },
  );

  it.each(deployments.map((deployment) => [deployment.metadata.name as string, deployment] as const))(
    '%s: is probed on ports that exist, and has time to end',
    (_name, deployment) => {
      const container = containerOf(deployment);
      const ports = new Map(container.ports.map((port: Tree) => [port.name, port.containerPort]));
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        expect(ports.has(container[probe].httpGet.port)).toBe(true);
      }
      const preStop = Number(/setTimeout\(.*, (\d+)\)/.exec(container.lifecycle.preStop.exec.command[2])?.[1]) / 1000;
      // The gateway lets requests run for ten seconds once it was told to stop.
      expect(podOf(deployment).terminationGracePeriodSeconds).toBeGreaterThanOrEqual(preStop + 10 + 5);
    },
  );

  it.each(imageNames)(
    '%s: sets no variable that the process does not know, and listens where the image does',
    async (name) => {
      const deployment = deployments.find(({ metadata }) => metadata.name === name);
      const image = environmentOf(lineageOf(await readStages(), name));
      const container = containerOf(deployment);
      const variables = variablesOf(container);
      const numbers = container.ports.map((port: Tree) => String(port.containerPort));
      expect(numbers).toContain(image['PORT']);
      if (name === 'gateway') expect(numbers).toContain(image['SALLYPORT_INTERNAL_PORT']);
      if (name === 'gateway') requireKnown(variables, image);
      else {
        expect(Object.keys(variables).sort()).toEqual(
          ['HOSTNAME', 'SALLYPORT_AUDIENCE', 'SALLYPORT_INTERNAL_URL', 'SALLYPORT_PUBLIC_URL'].sort(),
        );
      }
      for (const mount of container.volumeMounts) {
        expect(podOf(deployment).volumes.map((volume: Tree) => volume.name)).toContain(mount.name);
      }
    },
  );

  it('with more than one pod may lose one at a time', () => {
    const budgets = new Map(ofKind('PodDisruptionBudget').map((budget) => [budget.metadata.name, budget.spec]));
    for (const { metadata, spec } of deployments) {
      if (spec.replicas < 2) continue;
      expect(budgets.get(metadata.name)).toMatchObject({
        minAvailable: 1,
        selector: { matchLabels: spec.selector.matchLabels },
      });
    }
  });
});

describe('the ways between the pods', () => {
  it('lead to ports that exist', () => {
    for (const service of ofKind('Service')) {
      const name = service.spec.selector['app.kubernetes.io/name'];
      const deployment = deployments.find(({ metadata }) => metadata.name === name);
      const ports = containerOf(deployment).ports.map((port: Tree) => port.name);
      for (const port of service.spec.ports) expect(ports).toContain(port.targetPort);
      expect(service.spec.type ?? 'ClusterIP').toBe('ClusterIP');
    }
    const backends = ofKind('Ingress').flatMap(({ spec }) =>
      spec.rules.flatMap((rule: Tree) => rule.http.paths.map((each: Tree) => each.backend.service)),
    );
    expect(backends).toEqual([{ name: 'gateway', port: { name: 'public' } }]);
  });

  it('are closed but for the listed ones: services hear from the gateway alone', () => {
    const policies = new Map(ofKind('NetworkPolicy').map((policy) => [policy.metadata.name, policy.spec]));
    expect(policies.get('nothing')).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const behind = policies.get('behind-the-gateway');
    expect(behind.podSelector.matchExpressions[0].values).toEqual(deployedUpstreams);
    expect(behind.ingress).toEqual([
      {
        from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'gateway' } } }],
        ports: [{ protocol: 'TCP', port: 'http' }],
      },
    ]);
    const toInternal = policies.get('gateway').ingress.filter((rule: Tree) => rule.ports[0].port === 'internal');
    expect(toInternal).toHaveLength(1);
    expect(toInternal[0].from[0].podSelector.matchExpressions[0].values).toEqual(deployedUpstreams);
  });
});

it('every secret is mounted for the group of the image, and not for everybody: the gateway refuses such a file', () => {
  const pod = podOf(deployments.find(({ metadata }) => metadata.name === 'gateway'));
  const volumes = pod.volumes.filter(({ secret }: Tree) => secret !== undefined);
  expect(volumes.map(({ secret }: Tree) => secret.defaultMode)).toEqual([0o440]);
  expect(pod.securityContext).toMatchObject({ runAsGroup: 10_001, fsGroup: 10_001 });
});

it('no secret has a value here, and what is asked for is listed in the page', () => {
  expect(ofKind('Secret')).toEqual([]);
  const page = readFileSync(path.join(workspaceRoot, 'docs/deployment/kubernetes.md'), 'utf8');
  const container = containerOf(deployments.find(({ metadata }) => metadata.name === 'gateway'));
  const files = container.env.flatMap(
    ({ value = '' }: Tree) => /^\/run\/secrets\/sallyport\/(.*)$/.exec(value)?.[1] ?? [],
  );
  expect(files).toHaveLength(4);
  for (const file of files) expect(page).toContain(file);
  for (const name of ['sallyport-secrets', 'sallyport-tls']) expect(page).toContain(name);
});

function variablesOf(container: Tree): Record<string, string> {
  const maps = new Map<string, Record<string, string>>(
    kustomization.configMapGenerator.map((map: Tree) => [
      map.name,
      Object.fromEntries((map.literals ?? []).map((literal: string) => literal.split(/=(.*)/s).slice(0, 2))),
    ]),
  );
  const mapOf = (name: string): Record<string, string> => {
    const map = maps.get(name);
    if (map === undefined) throw new Error(`there is no ConfigMap ${name}`);
    return map;
  };
  const whole = (container.envFrom ?? []).flatMap((from: Tree) => Object.entries(mapOf(from.configMapRef.name)));
  const single = container.env.map(({ name, value, valueFrom }: Tree) => [
    name,
    value ?? mapOf(valueFrom.configMapKeyRef.name)[valueFrom.configMapKeyRef.key],
  ]);
  return Object.fromEntries([...whole, ...single]);
}

/** The process itself says what it does not know. */
function requireKnown(variables: Record<string, string>, image: Record<string, string>): void {
  const secrets = writeSecretFiles(Object.keys(variables));
  const environment = readEnvironment({ ...image, ...variables, ...secrets.variables });
  expect(environment).toMatchObject({
    isProduction: true,
    listenHost: '0.0.0.0',
    internalHost: '0.0.0.0',
    ...secrets.expected,
  });
}

/** Reads the objects of a file as Kubernetes does: to YAML 1.1, 0440 is an octal number. */
function readObjects(file: string): Tree[] {
  return parseAllDocuments(readFileSync(file, 'utf8'), { version: '1.1' }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file} is no YAML`);
    return document.toJS();
  });
}
