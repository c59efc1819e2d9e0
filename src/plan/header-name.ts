import { z } from 'zod';

/** RFC 9110 §5.6.2: a token. */
export const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'expected an HTTP header name');
