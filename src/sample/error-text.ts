/** A kind of text with which tools report failures in results that are marked as successful. */
type ErrorText = {
  /** What such a text says. */
  readonly says: string;
  /**
   * Source of a regular expression, without regard to case. It stands at the beginning of the text, after white space and
   * signs such as `**`, `[` or ❌. Every repetition has a limit, so that the time does not depend on the text.
   */
  readonly pattern: string;
  /** `any`: a text of any length that begins so. `short`: a whole text of at most {@link SHORT_CHARACTERS} characters. */
  readonly length: 'any' | 'short';
  /** What the plan's `softErrors` should make of it. */
  readonly outcome: 'TOOL_SOFT_ERROR' | 'TOOL_QUOTA';
  readonly example: string;
};

/** The longest text that patterns for short texts look at, without white space around it. */
export const SHORT_CHARACTERS = 300;

/** No pattern looks further than this into a text. */
export const READ_CHARACTERS = 2000;

const STATUS =
  '(?:bad request|unauthori[sz]ed|payment required|forbidden|(?:page )?not found|method not allowed|request timeout|too many requests|internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out)';
const KIND =
  '(?:api|mcp|http|rpc|json-rpc|graphql|sql|tool|server|client|internal|network|connection|database|request|search|fetch|upstream|service|validation|authentication|authorization|permission|timeout|execution|runtime|fatal|critical|unexpected|unknown|github|tool call)';
const DOING =
  '(?:accessing|adding|analy[sz]ing|calling|communicating|connecting|contacting|converting|crawling|creating|deleting|downloading|editing|executing|fetching|finding|generating|getting|invoking|listing|loading|looking up|making|opening|parsing|performing|planning|processing|publishing|querying|reading|removing|requesting|resolving|retrieving|running|saving|scraping|searching|sending|updating|uploading|validating|writing)';
const ACT =
  '(?:access|authenticate|complete|connect|contact|create|delete|download|establish|execute|fetch|get|load|open|parse|perform|process|query|reach|read|resolve|retrieve|run|save|search|send|update|upload|verify|write)';
const CREDENTIAL = '(?:api[ -]?key|(?:access |auth |bearer )?token|credentials?)';

/**
 * The texts that are taken for failures, one list for the code and for docs/outcomes.md. An answer *about* errors must not
 * match: patterns are for what a program prints when it fails, and those that prose could begin with are for short texts.
 */
export const ERROR_TEXTS: readonly ErrorText[] = [
  {
    says: 'Error, with a colon or in brackets',
    pattern: `(?:${KIND} ){0,2}error(?:[*_\`)]{0,3}(?: ?\\(?-?\\d{1,6}\\)?)? ?[*_]{0,2}:(?!:)|\\])`,
    length: 'any',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'MCP error -32602: Invalid arguments for tool search',
  },
  {
    says: 'An error while doing something, and its cause',
    pattern: `error ${DOING}\\b[^\\n:]{0,200}:`,
    length: 'any',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Error searching libraries: fetch failed',
  },
  {
    says: 'JSON that begins with an error',
    pattern: `\\{\\s{0,10}(?:"(?:error|errors|error_?message)"\\s{0,5}:\\s{0,5}(?:true\\b|"(?=[^"])|\\{\\s{0,10}(?=")|\\[\\s{0,10}\\{\\s{0,10}"message")|"(?:success|ok)"\\s{0,5}:\\s{0,5}false\\b|"is_?error"\\s{0,5}:\\s{0,5}true\\b|"status"\\s{0,5}:\\s{0,5}"error"\\s{0,5},\\s{0,10}"(?:message|error)"|"(?:message|detail)"\\s{0,5}:\\s{0,5}"${STATUS}")`,
    length: 'any',
    outcome: 'TOOL_SOFT_ERROR',
    example: '{"error":"The upstream service did not answer","code":502}',
  },
  {
    says: 'A page or document of an HTTP error',
    pattern: `<(?:(?:!doctype html|html)\\b[^]{0,1000}?<title>\\s{0,10}[45]\\d\\d[ :|–-]{1,3}${STATUS}|(?:\\?xml[^>]{0,100}>\\s{0,5}<)?error>)`,
    length: 'any',
    outcome: 'TOOL_SOFT_ERROR',
    example: '<html><head><title>502 Bad Gateway</title></head></html>',
  },
  {
    says: 'A stack trace of Python',
    pattern: 'traceback \\(most recent call last\\)',
    length: 'any',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Traceback (most recent call last):\n  File "server.py", line 12, in search',
  },
  {
    says: 'The name of an exception, with a colon',
    pattern: '(?=[\\w.$]{5,90} ?:)[a-z_$][\\w.$]{0,80}(?:error|exception) ?:(?!:)',
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'TypeError: Cannot read properties of undefined',
  },
  {
    says: 'An error somewhere, and its cause',
    pattern: `error (?:${DOING}\\b|(?:in|from|while|during|when)\\b[^\\n:]{0,200}:)`,
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Error in get_page: no such page',
  },
  {
    says: 'That an error occurred',
    pattern:
      '(?:(?:i am |i.m |we are )?sorry,? (?:but )?)?(?:an? (?:[a-z]{1,20} ){0,2}error (?:has )?(?:occurred|happened)|there was an? (?:[a-z]{1,20} ){0,2}error|something went wrong|oops[,.! ]{1,4}(?:something|an error|there))',
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Sorry, an unexpected error occurred. Please try again later.',
  },
  {
    says: 'What could not be done',
    pattern: `(?:sorry,? )?(?:(?:i|we) (?:was |were |am |are )?)?(?:failed(?: to [a-z]|: )|(?:unable to|could not|couldn.t|cannot|can.t(?! get)) ${ACT}\\b)`,
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Failed to fetch documentation for /nodejs/undici',
  },
  {
    says: 'That a request, a search or a call failed',
    pattern:
      '(?:the |your )?(?:(?:api|http|mcp|tool|web|network|database|search) )?(?:request|fetch|search|query|call|connection|authentication|login|lookup|operation|execution) (?:has )?(?:failed|timed out|was refused|refused|was reset|reset|closed)\\b',
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Request failed with status code 500',
  },
  {
    says: 'A fault of the network',
    pattern:
      '(?:(?:connect|read|write|getaddrinfo) )?(?:e(?:connrefused|connreset|connaborted|timedout|notfound|ai_again|hostunreach|netunreach|pipe)\\b|socket hang up|network error\\b|time-?out (?:of \\d{1,9} ?ms )?exceeded)',
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'connect ECONNREFUSED 127.0.0.1:5432',
  },
  {
    says: 'An HTTP status of a failure',
    pattern: `(?:(?:http(?:/\\d(?:\\.\\d)?)?|(?:http )?(?:status|error)(?: code)?)[ :]{1,2}(?:[45]\\d\\d[ :–-]{1,3}${STATUS}|[45]\\d\\d ?(?:[.:–-]|$))|[45]\\d\\d[ :–-]{1,3}${STATUS}|(?!not found|page)${STATUS} ?(?:[.:!]|$))`,
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: '503 Service Unavailable',
  },
  {
    says: 'That a service is not available',
    pattern:
      '(?:the |this )?(?:[a-z]{1,20} )?(?:service|server|api) is (?:currently |temporarily )?(?:unavailable|not available|unreachable|down|overloaded)\\b',
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'The search service is currently unavailable.',
  },
  {
    says: 'That credentials are missing or wrong',
    pattern: `(?:(?:invalid|missing|expired|incorrect|wrong) ${CREDENTIAL}\\b|${CREDENTIAL} (?:(?:is|are|was|has) )?(?:invalid|missing|expired|required|not (?:set|found|valid|provided|configured))\\b|(?:access|permission) denied ?(?:[.:!]|$)|(?:not authenticated|authentication required) ?(?:[.:!]|$)|you (?:are not|must be|need to be) (?:authori[sz]ed|authenticated|logged in|signed in))`,
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Invalid API key. Please check your API key.',
  },
  {
    says: 'That the call itself was wrong',
    pattern:
      '(?:(?:invalid|missing|unknown|unsupported)(?: required)? (?:arguments?|parameters?|params?|input|request|tool|method)(?: [\\w.-]{1,40})? ?(?:[:.!\'"`]|$)|the [a-z]{1,20} you are trying to (?:access|reach|use)\\b)',
    length: 'short',
    outcome: 'TOOL_SOFT_ERROR',
    example: 'Unknown tool: search_docs',
  },
  {
    says: 'That a quota or rate limit is exhausted',
    pattern:
      "(?:too many requests\\b|rate[ -]?limited\\b|(?:(?:the|your|api|monthly|daily|hourly|free|request|account) ){0,3}(?:rate[ -]?limit|quota|usage limit|request limit)(?: (?:for|of) [^\\n.:]{1,60})? (?:(?:has|have) been |was |is )?(?:exceeded|reached|exhausted|used up)\\b|you(?:'ve| have)? (?:exceeded|reached|hit|used up|exhausted|run out of) |insufficient (?:quota|credits?|balance)\\b)",
    length: 'short',
    outcome: 'TOOL_QUOTA',
    example: 'Monthly quota exceeded. Create a free API key to continue.',
  },
];

/** What may stand before a failure: white space, quotes and brackets, emphasis and warning signs. No heading, no list. */
const LEAD = '^(?!\\s{0,12}\\* )[\\s*_`>"\'(\\[!❌⚠✖✗🚫\\uFE0F]{0,12}';

function patternOf(texts: readonly ErrorText[]): RegExp {
  return new RegExp(`${LEAD}(?:${texts.map(({ pattern }) => pattern).join('|')})`, 'iu');
}

const ANY = patternOf(ERROR_TEXTS.filter(({ length }) => length === 'any'));
const SHORT = patternOf(ERROR_TEXTS.filter(({ length }) => length === 'short'));

/** True for a text that reads like a failure by {@link ERROR_TEXTS}. Its time does not depend on the text's length. */
export function readsLikeError(text: string): boolean {
  if (text.length > READ_CHARACTERS) return ANY.test(text.slice(0, READ_CHARACTERS));
  if (ANY.test(text)) return true;
  const whole = text.trim();
  return whole.length <= SHORT_CHARACTERS && SHORT.test(whole);
}

/** An entry for the `softErrors` of a target, which makes failures of the texts that it matches. */
export type SoftErrorEntry = Pick<ErrorText, 'outcome'> & { readonly pattern: string };

/** The widest pattern of an entry, so that its line fits a terminal of 80 columns. */
const ENTRY_COLUMNS = 56;

/**
 * An entry that matches a text which reads like a failure, and the same failure of other requests: the text's first words
 * up to a quotation, an address or another value, with any numbers. Of JSON and HTML it is the part that names the error.
 * @param text may have been shortened
 * @returns undefined when the text does not read like a failure, or only in a way that an entry cannot repeat
 */
export function softErrorFor(text: string): SoftErrorEntry | undefined {
  const trimmed = text.trim();
  const found = ERROR_TEXTS.find((each) => patternOf([each]).test(trimmed));
  if (found === undefined) return undefined;
  const { outcome } = found;
  const start = text === text.trimStart() ? '^' : '^\\s*';
  const words = /^[{<]/.test(trimmed) ? '' : firstWords(trimmed);
  if (words !== '') return { pattern: start + beginningOf(words), outcome };
  const matched = ((patternOf([found]).exec(trimmed) as RegExpExecArray)[0] as string).trimEnd();
  const tag = /<[^<]*$/.exec(matched)?.[0];
  const pattern = tag === undefined ? start + piecesOf(matched).join('') : piecesOf(tag).join('');
  return widthOf(pattern) > ENTRY_COLUMNS || /\p{C}/u.test(pattern) ? undefined : { pattern, outcome };
}

/** The beginning of the first line, without what may differ in the next text of the same kind. */
function firstWords(trimmed: string): string {
  const lead = /^[^\p{L}\p{N}\s]*/u.exec(trimmed)?.[0] ?? '';
  const line = /^[^\n"'`<>{}[\\@#=\p{C}]*/u.exec(trimmed.slice(lead.length))?.[0] ?? '';
  const words = /^.*?(?=\S*[/\\]\S)/u.exec(line)?.[0] ?? line;
  return words === '' || /\p{C}/u.test(lead) ? '' : lead + words.trimEnd();
}

/** The pattern of the beginning of a text, as many words as an entry may have. */
function beginningOf(text: string): string {
  let pattern = '';
  for (const piece of piecesOf(text)) {
    if (widthOf(pattern + piece) > ENTRY_COLUMNS) return pattern.replace(/ [^ ]*$/, '');
    pattern += piece;
  }
  return pattern;
}

/** An upper bound of the columns that a text takes on a terminal. */
function widthOf(text: string): number {
  return text.length + text.replaceAll(/[ -~]/g, '').length;
}

/** A pattern for each number, each gap and each other character of a text. */
function piecesOf(text: string): string[] {
  return (text.match(/\d+|\s+|[^\d\s]/gu) ?? []).map((piece) => {
    if (/^\d/.test(piece)) return '\\d+';
    if (/^\s/.test(piece)) return piece === ' ' ? piece : '\\s*';
    return piece.replace(/[$()*+./?[\\\]^{|}]/, '\\$&');
  });
}
