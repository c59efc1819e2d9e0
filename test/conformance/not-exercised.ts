const NO_SKILLS = 'a load client hosts no skills: it neither lists them nor reads their files';

/** Scenarios about what our client does not do at all, so that nothing in them can fail, with the reason. */
export const NOT_EXERCISED: ReadonlyMap<string, string> = new Map([
  ['sep-2640-client-no-prefetch', NO_SKILLS],
  ['sep-2640-client-verify-digest', NO_SKILLS],
  ['sep-2640-client-verify-size', NO_SKILLS],
  ['sep-2640-client-verify-frontmatter', NO_SKILLS],
]);
