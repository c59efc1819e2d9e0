/** Names that a key of Table Storage must escape or shorten. */
export const ODD_NAMES = [
  'a/b\\c#d?e',
  "it's",
  'naïve 計画 🚀',
  'é'.repeat(200),
  '/'.repeat(200),
  '=2F',
  '%2F',
  'tab\there',
];
