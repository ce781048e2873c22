import { OptionsError } from '@sallyport/core/browser';
import type { AnyPolicy } from '../definition/policy.ts';
import { createAccess, type Access } from './access.ts';
import { decide } from './decision.ts';
import { textForUser, type Explanation } from './explanation.ts';
import { isPackedAccess } from './is-packed-access.ts';
import { unpackRules, type PackedAccess } from './packed-form.ts';
import { createTypeAbility, prepareRule } from './type-ability.ts';
import { noValues } from '../conditions/rule-condition.ts';

/**
 * Reads what a caller may do from what the server packed, so that a page shows and hides by the rules that the server enforces.
 * It protects nothing: a browser belongs to its user.
 *
 * Its explanations know the rules of the caller alone, and nothing of what others may do.
 *
 * @throws OptionsError when it was packed by another version, or is no such thing.
 * @example
 * const access = unpackAccess<typeof policy>(packed);
 * if (access.can('update', 'Product', product, 'priceCents')) showPriceField();
 */
export function unpackAccess<P extends AnyPolicy>(packed: PackedAccess): Access<P> {
  if (!isPackedAccess(packed))
    throw new OptionsError('This is no access that was packed by this version of @sallyport/policy: pack it anew');
  const { types: known } = packed;
  const access = createAccess({
    types: Object.keys(known),
    values: noValues, // They were filled in.
    abilityOf: (name) => {
      const type = known[name];
      if (type === undefined) throw new OptionsError(`type "${name}" was not packed`);
      return createTypeAbility(
        { name, fields: type.fields, actions: type.actions },
        unpackRules(type).map((rule) => prepareRule(name, rule)),
      );
    },
    explain: (ability, question): Explanation => {
      const decision = decide(ability, noValues, question);
      const text = ability.rules.find(({ index }) => index === decision.rule?.index)?.textForUser;
      return {
        decision,
        why: [],
        whatWouldAllow: [],
        textForUser: textForUser(question, decision, text),
        textForAdministrator: `${decision.allowed ? 'Allowed' : 'Refused'}: ${decision.reason}. The server that packed this knows more.`,
      };
    },
  });
  return access as unknown as Access<P>; // The names of P are those that were packed.
}
