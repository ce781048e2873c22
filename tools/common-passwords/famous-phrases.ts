/** Phrases of four words or more that lists of leaked passwords hardly have, and that attackers try because they are famous. */
export const famousPhrases: readonly string[] = `
correct horse battery staple
may the force be with you
i am your father
luke i am your father
do or do not there is no try
these are not the droids you are looking for
winter is coming
you know nothing jon snow
a lannister always pays his debts
one ring to rule them all
one does not simply walk into mordor
you shall not pass
fly you fools
not all those who wander are lost
the cake is a lie
never gonna give you up
never gonna give you up never gonna let you down
all your base are belong to us
live long and prosper
open the pod bay doors
im sorry dave im afraid i cant do that
i will be back
hasta la vista baby
say hello to my little friend
houston we have a problem
to infinity and beyond
heres looking at you kid
frankly my dear i dont give a damn
theres no place like home
life is like a box of chocolates
you cant handle the truth
i see dead people
with great power comes great responsibility
i am the one who knocks
say my name heisenberg
to be or not to be
to be or not to be that is the question
once upon a time
happily ever after
the quick brown fox
the quick brown fox jumps over the lazy dog
lorem ipsum dolor sit amet
in the beginning god created the heaven
the lord is my shepherd
our father who art in heaven
god bless america
in god we trust
we the people of the united states
i have a dream today
i think therefore i am
cogito ergo sum
carpe diem seize the day
veni vidi vici
i love you to the moon and back
i love my husband
i love my wife
i love my family
i love my children
i love my dog
i love my cat
i hate my job
i hate passwords
this is my password
this is not my password
my password is password
what is my password
i forgot my password
let me in please
open sesame
abracadabra hocus pocus
supercalifragilisticexpialidocious
twinkle twinkle little star
mary had a little lamb
row row row your boat
happy birthday to you
we wish you a merry christmas
merry christmas and a happy new year
is this the real life is this just fantasy
hello darkness my old friend
dont stop believing
we are the champions
we will rock you
another brick in the wall
stairway to heaven
hotel california
smells like teen spirit
let it be let it be
all you need is love
here comes the sun
imagine all the people
hakuna matata
bibbidi bobbidi boo
just keep swimming
harry potter and the philosophers stone
harry potter and the sorcerers stone
harry potter and the chamber of secrets
i solemnly swear that i am up to no good
expecto patronum
the boy who lived
the hunger games
may the odds be ever in your favor
lord of the rings
the fellowship of the ring
game of thrones
mother of dragons
valar morghulis
house of the dragon
breaking bad
the walking dead
stranger things
the big bang theory
how i met your mother
wubba lubba dub dub
who lives in a pineapple under the sea
spongebob squarepants
teenage mutant ninja turtles
gotta catch them all
its dangerous to go alone take this
would you kindly
war never changes
`
  .trim()
  .split('\n');
