/**
 * One way to read a text: its bytes in UTF-8 after some encodings have been undone, and where in the text each byte
 * comes from. The bytes are a text of characters up to U+00FF, because such texts are searched fast.
 */
export type Reading = {
  readonly bytes: string;
  /** For each byte, where its part of the text begins and ends. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
};

/** Encodings within encodings are undone up to this depth. */
const MAX_DEPTH = 4;
/** Bounds the time for texts with many encodings. */
const MAX_READINGS = 24;

/** The end of the text, or the mark of a cut. An escape that is broken there is the beginning of a longer one. */
const CUT = '(?=$|\xe2\x80\xa6)';

type Decoder = {
  readonly pattern: RegExp;
  /** The bytes of a match, as characters up to U+00FF; undefined when it is not an escape after all. */
  readonly decode: (match: RegExpExecArray) => string | undefined;
};

/** `%2B`, and `%u002B` of old servers. */
const PERCENT: Decoder = {
  pattern: new RegExp(`%(?:u([0-9a-f]{4})|([0-9a-f]{2})|(?:u[0-9a-f]{0,3}|[0-9a-f]?)${CUT})`, 'gi'),
  decode: ([, unit, byte]) => (byte === undefined ? utf8(codeOf(unit, 16)) : String.fromCharCode(codeOf(byte, 16))),
};

const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Escapes of JSON, JavaScript and C: `\u002B`, `\u{2B}`, `\x2b`, `\053`, `\n`, `\/`. */
const BACKSLASH: Decoder = {
  pattern: new RegExp(
    String.raw`\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([0-7]{1,3})|([bfnrtv])|([^0-9a-z\s])|(?:u\{?[0-9a-f]{0,5}|x[0-9a-f]?)?${CUT})`,
    'gi',
  ),
  decode: ([, high, low, point, unit, byte, octal, control, other]) => {
    if (high !== undefined && low !== undefined) {
      return utf8(0x10000 + ((codeOf(high, 16) & 0x3ff) << 10) + (codeOf(low, 16) & 0x3ff));
    }
    if (octal !== undefined) return utf8(codeOf(octal, 8));
    if (control !== undefined) return CONTROLS[control.toLowerCase()];
    return other ?? utf8(codeOf(point ?? unit ?? byte, 16));
  },
};

/** Names of HTML for ASCII characters, and for U+00A0 to U+00FF in their order. */
const ASCII_ENTITIES =
  'amp& lt< gt> quot" apos\' plus+ sol/ equals= lowbar_ num# percnt% lpar( rpar) ast* midast* comma, period. colon: semi; ' +
  'quest? commat@ lsqb[ lbrack[ bsol\\ rsqb] rbrack] hat^ grave` lcub{ lbrace{ verbar| vert| rcub} rbrace} dollar$ excl! ' +
  'tilde~ dash- hyphen- tab\t newline\n';
const LATIN_ENTITIES =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para ' +
  'middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave ' +
  'Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc ' +
  'Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc ' +
  'iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml';
const ENTITIES: ReadonlyMap<string, number> = new Map([
  ...ASCII_ENTITIES.split(' ').map((each): [string, number] => [each.slice(0, -1), each.charCodeAt(each.length - 1)]),
  ...LATIN_ENTITIES.split(' ').map((name, index): [string, number] => [name, 0xa0 + index]),
]);

/** Character references of HTML and XML: `&#43;`, `&#x2B;`, `&plus;`. */
const ENTITY: Decoder = {
  pattern: new RegExp(`&(?:#?x?[0-9a-z]{0,31}${CUT}|#x([0-9a-f]{1,6});?|#([0-9]{1,7});?|([0-9a-z]{2,31});)`, 'gi'),
  decode: ([, hex, decimal, name]) => {
    if (name === undefined) return utf8(hex === undefined ? codeOf(decimal, 10) : codeOf(hex, 16));
    const code = ENTITIES.get(name) ?? ENTITIES.get(name.toLowerCase());
    return code === undefined ? undefined : utf8(code);
  },
};

/** Line breaks with which a long value is wrapped. */
const WRAPPED: Decoder = { pattern: /\r?\n[ \t]*/g, decode: () => '' };

const DECODERS: readonly Decoder[] = [PERCENT, BACKSLASH, ENTITY, WRAPPED];

/**
 * Every way to read a text: as it is, and with escapes undone, in any order and also within each other. Each kind of
 * escape is undone alone too, because a character before a value can look like the beginning of another kind.
 */
export function readingsOf(text: string): readonly Reading[] {
  const readings = [plainReading(text)];
  const seen = new Set(readings.map(({ bytes }) => bytes));
  let level: readonly Reading[] = [...readings];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const next: Reading[] = [];
    for (const reading of level) {
      for (const decoder of DECODERS) {
        const decoded = decodedReading(reading, decoder);
        if (decoded === undefined || seen.has(decoded.bytes)) continue;
        if (readings.length === MAX_READINGS) return readings;
        seen.add(decoded.bytes);
        next.push(decoded);
        readings.push(decoded);
      }
    }
    level = next;
  }
  return readings;
}

function plainReading(text: string): Reading {
  const bytes = Buffer.from(text.toWellFormed(), 'utf8').toString('latin1');
  const starts = new Int32Array(bytes.length);
  const ends = new Int32Array(bytes.length);
  let at = 0;
  for (let start = 0; start < text.length; ) {
    const point = text.codePointAt(start) as number;
    const end = start + (point > 0xffff ? 2 : 1);
    const until = at + (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
    for (; at < until; at++) {
      starts[at] = start;
      ends[at] = end;
    }
    start = end;
  }
  return { bytes, starts, ends };
}

/** Undoes one kind of escape; undefined when the reading has none. */
function decodedReading(reading: Reading, { pattern, decode }: Decoder): Reading | undefined {
  const { bytes } = reading;
  const parts: string[] = [];
  const starts = new Int32Array(bytes.length);
  const ends = new Int32Array(bytes.length);
  let [read, written] = [0, 0];
  const copyTo = (until: number) => {
    parts.push(bytes.slice(read, until));
    starts.set(reading.starts.subarray(read, until), written);
    ends.set(reading.ends.subarray(read, until), written);
    written += until - read;
  };
  for (const match of bytes.matchAll(pattern)) {
    const decoded = decode(match as RegExpExecArray);
    if (decoded === undefined) continue;
    copyTo(match.index);
    const after = match.index + match[0].length;
    parts.push(decoded);
    starts.fill(reading.starts[match.index] as number, written, written + decoded.length);
    ends.fill(reading.ends[after - 1] as number, written, written + decoded.length);
    written += decoded.length;
    read = after;
  }
  if (read === 0) return undefined;
  copyTo(bytes.length);
  return { bytes: parts.join(''), starts: starts.subarray(0, written), ends: ends.subarray(0, written) };
}

function codeOf(digits: string | undefined, base: number): number {
  return digits === undefined ? Number.NaN : Number.parseInt(digits, base);
}

/** A character's bytes in UTF-8; nothing for a broken escape. */
function utf8(code: number): string {
  if (Number.isNaN(code)) return '';
  const character = code > 0x10ffff ? '\uFFFD' : String.fromCodePoint(code).toWellFormed();
  return Buffer.from(character, 'utf8').toString('latin1');
}
