/** Words that generated texts are made of: what people ask about, so that a search finds something for most of them. */
export const WORDS: readonly string[] = `
access account action address agent alert answer application archive array article asset audit backup balance batch board
branch bridge browser budget buffer build button cache calendar capacity card catalog certificate change channel chart
client cloud cluster code column command comment commit compiler condition connection console container contract cost
counter customer dashboard data database deadline delivery deployment design desktop device directory disk document domain
draft drive driver editor element email endpoint engine error estimate event example exception export factory feature field
file filter folder forecast format forum function gateway graph group guide handler history host image import incident index
input install instance interface invoice issue item journal key keyboard language latency layer layout ledger library license
limit link list lock log loop machine mailbox manager map market measure meeting member memory menu message method metric
migration mirror mobile model module monitor network node note notice number object offer office option order output owner
package page parser partner password patch path payment pattern performance permission picture pipeline plan platform plugin
policy pool port price printer priority process product profile program project promise protocol provider proxy query queue
quota range rate reader receipt record region registry release reminder report repository request resource result review
role route rule runtime sample schedule schema scope screen script search section security sensor server service session
setting shape share sheet signal site size slot socket solution source space stack stage standard state status storage store
stream string structure style subject subscription summary support switch symbol system table target task team template
tenant terminal test theme thread threshold ticket timer token tool topic trace traffic transaction transfer trigger type
unit update upload user validation value variable vendor version video view volume warning watcher window wizard worker
workflow workspace writer zone`
  .trim()
  .split(/\s+/);
