/**
 * Words that stand at the top of every published list of leaked passwords, alone or with digits and signs around them.
 * Written in lower case and plain letters: the rules also look at a spelling in which `p4$$w0rd` is `password`.
 */
const words = `
password passwort passw0rd passwd motdepasse contrasena contraseña parola heslo senha wachtwoord salasana hasło haslo
qwerty qwertz azerty qwer asdf zxcv qazwsx wsxedc qweasd asdzxc zaqwsx zaqxsw
letmein welcome bienvenue willkommen bienvenido admin administrator administrador root toor superuser sysadmin guest
default changeme changeit change temp temporary secret secreto geheim secure security private login signin access
master mastermind hunter hunter2 trustno1 iloveyou ilovyou loveyou teamo tequiero jetaime ichliebedich mylove lovely
dragon monkey donkey tiger lion eagle falcon panther jaguar wolf shadow phoenix unicorn butterfly dolphin turtle
princess prince queen king angel angels devil demon heaven blessed jesus jesuschrist christ church faith grace
sunshine summer winter spring autumn sommer januari january february march april june july august september october
november december monday tuesday wednesday thursday friday saturday sunday weekend holiday christmas easter halloween
football fussball futbol soccer baseball basketball hockey tennis rugby cricket golfer golfing skateboard swimming
arsenal chelsea liverpool everton manchester united barcelona realmadrid juventus milan inter bayern dortmund ajax
yankees redsox lakers celtics bulls cowboys steelers packers patriots raiders rangers eagles dolphins broncos giants
superman batman spiderman ironman wolverine deadpool avengers captain starwars skywalker vader yoda jedi startrek
pokemon pikachu naruto sasuke goku vegeta dragonball sonic mario luigi zelda minecraft fortnite roblox warcraft
starcraft counterstrike callofduty playstation xbox nintendo gamer gaming player killer sniper assassin ninja
samurai pirate warrior knight soldier hitman terminator matrix gandalf frodo hobbit hogwarts potter harrypotter
michael michelle jennifer jessica jordan joshua ashley amanda andrew anthony daniel danielle david robert thomas
matthew nicholas nicole samantha stephanie elizabeth alexander alexandra alexandre william richard charles charlie
george patrick christopher christian christine catherine katherine jonathan benjamin brandon austin justin taylor
tyler hannah rachel rebecca melissa heather vanessa veronica victoria natasha andrea sandra barbara martin maria
marina monica patricia gabriel gabriela fernando carlos miguel eduardo antonio francisco alejandro sebastian
nathan dylan oliver oscar harley maggie bailey buster cooper ginger pepper peanut cookie chocolate cheese chicken
banana orange apple cherry strawberry pumpkin tomato potato coffee whiskey tequila vodka heineken budweiser guinness
corvette mustang ferrari porsche mercedes yamaha honda toyota nissan subaru suzuki kawasaki ducati harleydavidson
camaro charger chevy hummer bmw audi volkswagen peugeot renault lamborghini
london paris berlin madrid newyork brooklyn chicago boston dallas houston austin denver phoenix florida texas
california hawaii canada america england scotland ireland france germany deutschland italia espana mexico brasil
brazil argentina colombia russia china japan india australia africa europe istanbul galatasaray fenerbahce besiktas
computer internet network server router windows microsoft google facebook instagram twitter youtube linkedin amazon
samsung nokia motorola android iphone apple macintosh linux ubuntu debian oracle cisco database mysql postgres
system service support manager office business company corporate marketing finance accounting development developer
production staging testing tester test demo example sample user username email website webmaster hosting
money dollar million millionaire casino poker diamond diamonds silver golden platinum crystal emerald ruby
purple yellow orange green black white pink blue rainbow flower flowers roses rose lily daisy jasmine sunflower
hello goodbye goodmorning goodnight whatever nothing something someone anything everyone forever together always
happy happiness smile friend friends friendship family mother father brother sister daddy mommy mummy baby babygirl
babyboy boyfriend girlfriend husband wife honey sweetheart sweetie cutie pretty beautiful gorgeous handsome sexy
lover loveme kissme bestfriend
music guitar drummer metallica nirvana slipknot linkinpark greenday eminem tupac beatles rockstar rocknroll
freedom liberty peace love hope dream dreamer destiny infinity galaxy universe planet earth mars jupiter saturn
thunder lightning storm hurricane tornado volcano fire ice snow rain ocean island mountain river
school student teacher college university graduate doctor nurse lawyer engineer police fireman
pussy fuckyou fuckme fuckoff asshole bitch bastard bullshit motherfucker penis vagina blowjob pornhub
creative blink182 blackberry cinderella snoopy garfield mickey mickeymouse minnie donald scooby scoobydoo tweety
bugsbunny tinkerbell hellokitty barbie spongebob simpsons homer bart southpark
access14 abc123 a1b2c3 aa123456 abcd1234 pass1234 1qaz2wsx qwe123 asd123 zxc123 q1w2e3 monkey123 dragon123
thisisapassword mypassword yourpassword thepassword
nopassword newpassword oldpassword password1 ilovemy iloveme letmein123 opensesame sesame abracadabra
supersecret topsecret verysecret notsecret mysecret passphrase nevermind dontforget remember forgotten
gateway sallyport security123 pa55word pa55w0rd p4ssw0rd pass
`;

/** Longest first, so that a word is found before a shorter one within it. */
export const commonPasswordWords: readonly string[] = [
  ...new Set(words.split(/\s+/).filter((word) => word.length >= 4)),
].sort((a, b) => b.length - a.length);
