/** A text of about this many characters, of a piece that is repeated. */
const fill = (piece: string, characters: number) => piece.repeat(Math.floor(characters / piece.length));

/** The same of pieces that differ. */
function many(piece: (index: number) => string, characters: number): string {
  const parts: string[] = [];
  for (let length = 0; length < characters; length += (parts.at(-1) as string).length) parts.push(piece(parts.length));
  return parts.join('').slice(0, characters);
}

/** Texts of a given length that take long to parse, unless somebody bounds that; each stands for its kind. */
export const SLOW_TEXTS: Readonly<Record<string, (characters: number) => string>> = {
  'open brackets': (length) => fill('[', length),
  'closed brackets': (length) => fill('[', length / 2) + fill(']', length / 2),
  'closing brackets': (length) => `[${fill('}', length)}`,
  'open mappings': (length) => fill('{a: ', length),
  dashes: (length) => fill('- ', length),
  'question marks': (length) => fill('? ', length),
  'colons in lines': (length) => fill(':\n', length),
  'deeper lines': (length) => many((index) => `${' '.repeat(index)}a:\n`, length),
  commas: (length) => `[${fill(',', length)}`,
  'aliases in a list': (length) => `a: &a 1\nb: [${fill('*a,', length)}1]`,
  'aliases in a mapping': (length) => `a: &a 1\n${many((index) => `k${index}: *a\n`, length)}`,
  'aliases without anchors': (length) => many((index) => `k${index}: *b${index}\n`, length),
  'merge keys': (length) => `a: &a {x: 1}\n${many((index) => `k${index}: {<<: *a}\n`, length)}`,
  anchors: (length) => fill('&a ', length),
  tags: (length) => fill('! ', length),
  directives: (length) => `${fill('%X y\n', length)}--- a`,
  documents: (length) => fill('--- a\n', length),
  quotes: (length) => fill('"', length),
  'wrong escapes': (length) => `a: "${fill('\\q', length)}"`,
  'wrong code points': (length) => `a: "${fill('\\uZZZZ', length)}"`,
  'blank lines': (length) => fill(' \n', length),
  comments: (length) => many((index) => `k${index}: 1 # c\n`, length),
  'equal keys': (length) => fill('a: 1\n', length),
  'different keys': (length) => many((index) => `k${index}: 1\n`, length),
  'wrong indentation': (length) => many((index) => `${' '.repeat(index % 7)}k${index}: 1\n`, length),
  'missing commas': (length) => `[${fill('a b: ', length)}`,
  'lists as keys': (length) => many((index) => `? [a${index}]\n: 1\n`, length),
  'unknown keys': (length) => `name: a\ntargets:\n  web:\n${many((index) => `    heders${index}: 1\n`, length)}`,
  'empty steps': (length) => `scenarios:\n  s:\n    steps:\n${fill('      - {}\n', length)}`,
  'unknown scenarios': (length) => `scenarios:\n${many((index) => `  s${index}: {executor: x}\n`, length)}`,
  'unknown thresholds': (length) => `thresholds:\n${many((index) => `  a${index}: ["b<1"]\n`, length)}`,
  'long numbers': (length) => `a: [${fill('12345678901234567890,', length)}1]`,
  'stages of a ramp': (length) =>
    `scenarios:\n  s:\n    executor: ramping-vus\n    stages:\n${fill('      - {duration: 1s, target: 1}\n', length)}`,
};

/** Those that are a plan, or nearly one, or have an error in every character: parsing begins, and stops when it is clear. */
export const NEARLY_PLANS: readonly string[] = [
  ...['documents', 'quotes', 'wrong escapes', 'wrong code points', 'wrong indentation', 'unknown keys', 'empty steps'],
  'long numbers',
];
