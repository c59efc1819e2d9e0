/** A stream of numbers in [0, 1), the same for the same seed. */
export type Draw = () => number;

export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Encoder = (text: string, draw: Draw) => string;

const hexOf = (code: number, digits: number, draw: Draw) => {
  const text = code.toString(16).padStart(digits, '0');
  return draw() < 0.5 ? text : text.toUpperCase();
};

/** Encodes some of the characters of a text, and always that with which escapes begin, so that the text can be decoded. */
const some =
  (share: number, encode: (character: string, draw: Draw) => string): Encoder =>
  (text, draw) =>
    Array.from(text, (each) => ('%\\&'.includes(each) || draw() < share ? encode(each, draw) : each)).join('');

const percent = (character: string, draw: Draw) =>
  Array.from(Buffer.from(character), (byte) => `%${hexOf(byte, 2, draw)}`).join('');
const unicode = (character: string, draw: Draw) =>
  Array.from({ length: character.length }, (_, at) => `\\u${hexOf(character.charCodeAt(at), 4, draw)}`).join('');
const entity = (character: string, draw: Draw) => {
  const code = character.codePointAt(0) as number;
  return draw() < 0.5 ? `&#${code};` : `&#x${hexOf(code, 2, draw)};`;
};

const NAMED: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };
const MORE_NAMED: Readonly<Record<string, string>> = { ...NAMED, '+': 'plus', '/': 'sol', '=': 'equals', _: 'lowbar' };

/** Surrounds a text by others before it is encoded in base64, as Basic authentication does. */
const within = (text: string, draw: Draw) =>
  Buffer.from(`${'user:'.slice(Math.floor(draw() * 6))}${text}${':more'.slice(Math.floor(draw() * 6))}`);

/** Escapes, which can be within each other. */
export const ESCAPES: Readonly<Record<string, Encoder>> = {
  none: (text) => text,
  'of URLs': (text) => encodeURIComponent(text.toWellFormed()),
  'of URLs in lower case': (text) =>
    encodeURIComponent(text.toWellFormed()).replaceAll(/%../g, (code) => code.toLowerCase()),
  'of forms': (text) => new URLSearchParams([['', text.toWellFormed()]]).toString().slice(1),
  'of URLs, all': some(1, percent),
  'of URLs, some': some(0.3, percent),
  'of URLs, twice': (text) => encodeURIComponent(encodeURIComponent(text.toWellFormed())),
  'of JSON': (text) => JSON.stringify(text).slice(1, -1),
  'of JSON, twice': (text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
  'of JSON, with slashes': (text) => JSON.stringify(text).slice(1, -1).replaceAll('/', '\\/'),
  'of JSON, all': some(1, unicode),
  'of JSON, some': some(0.3, unicode),
  'of JSON for HTML': (text) => text.replaceAll(/[+&<>'"]/g, (character) => unicode(character, () => 0)),
  'of HTML': (text) => text.replaceAll(/[&<>"']/g, (character) => `&${NAMED[character]};`),
  'of HTML, more': (text) => text.replaceAll(/[&<>"'+/=_]/g, (character) => `&${MORE_NAMED[character]};`),
  'of HTML, all': some(1, entity),
  'of HTML, some': some(0.3, entity),
};

/** Whole encodings, inside which there are no escapes. */
export const ENCODINGS: Readonly<Record<string, Encoder>> = {
  plain: (text) => text,
  'in upper case': (text) => text.toUpperCase(),
  'in lower case': (text) => text.toLowerCase(),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'base64 within more': (text, draw) => within(text, draw).toString('base64'),
  'base64url within more': (text, draw) => within(text, draw).toString('base64url'),
  'base64 in lines': (text) => Buffer.from(text).toString('base64').replaceAll(/.{60}/g, '$&\r\n'),
  'base64 of URL escapes': (text, draw) => within(encodeURIComponent(text.toWellFormed()), draw).toString('base64'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex in upper case': (text) => Buffer.from(text).toString('hex').toUpperCase(),
};

/** Every text that somebody could decode from a text with ordinary means, in lower case. */
export function decodedViews(text: string): string[] {
  const views = new Set([text]);
  for (const view of views) {
    if (views.size > 60) break;
    views.add(
      view.replaceAll(/(?:%[0-9a-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString()),
    );
    views.add(
      view
        .replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
        .replaceAll(/\\([^u])/g, '$1'),
    );
    views.add(
      view
        .replaceAll(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
        .replaceAll(/&#([0-9]+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
        .replaceAll(/&(\w+);/g, (whole, name: string) => {
          return Object.entries(MORE_NAMED).find(([, each]) => each === name)?.[0] ?? whole;
        }),
    );
    for (const [run] of view.replaceAll(/\r\n/g, '').matchAll(/[A-Za-z0-9+/_-]{12,}/g)) {
      for (const offset of [0, 1, 2, 3]) views.add(Buffer.from(run.slice(offset), 'base64').toString('latin1'));
      if (/^[0-9a-f]+$/i.test(run))
        for (const offset of [0, 1]) views.add(Buffer.from(run.slice(offset), 'hex').toString());
    }
  }
  return Array.from(views, (view) => view.toLowerCase());
}

/** The first part of a secret of this many characters that can be read in a text, in whatever way and case. */
export function readablePart(text: string, secret: string, characters: number): string | undefined {
  const views = decodedViews(text);
  const whole = secret.toLowerCase();
  for (let at = 0; at + characters <= whole.length; at++) {
    const part = whole.slice(at, at + characters);
    if (views.some((view) => view.includes(part))) return part;
  }
  return undefined;
}
