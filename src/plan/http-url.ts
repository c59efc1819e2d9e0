import { z } from 'zod';

/** An http or https URL without user name and password. */
export function httpUrl(expected: string) {
  return z.url({ protocol: /^https?$/, error: expected }).refine((url) => {
    if (!URL.canParse(url)) return true;
    const { username, password } = new URL(url);
    return username === '' && password === '';
  }, 'expected no user name and no password in the URL; use `auth`');
}
