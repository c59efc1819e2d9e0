const DETAILS = {
  NET: ['REFUSED', 'DNS', 'TLS', 'CONNECT_TMO', 'RESET_PRE', 'RESET_MID', 'HTTP_PARSE', 'FORBIDDEN', 'OTHER'],
  TMO: ['HEADERS', 'IDLE', 'TOTAL', 'UNTERMINATED'],
  HTTP: ['3XX'],
  AUTH: ['401', '403', 'SCOPE', 'REJECTED', 'TOKEN'],
  SESS: ['EXPIRED', 'LOST', 'MISSING', 'REFUSED', 'AMBIGUOUS'],
  PROTO: [
    'CT_MISSING',
    'CT_HTML',
    'CT_OTHER',
    '202',
    'EMPTY',
    'JSON',
    'SHAPE',
    'ID_MISMATCH',
    'NO_REPLY',
    'VERSION',
    'RESULT_TYPE',
  ],
  RPC: ['INPUT_REQUIRED'],
  SSE: ['BAD_DATA'],
  TOOL: ['ERROR', 'QUOTA', 'SOFT_ERROR', 'SCHEMA', 'ASSERT', 'CAPTURE'],
} as const;

const CODES: ReadonlySet<string> = new Set(
  Object.entries(DETAILS).flatMap(([layer, details]) => details.map((detail) => `${layer}_${detail}`)),
);

/**
 * True for the code of an outcome that counts as a failure. A threshold on any other code would always see nothing and
 * hold. The outcomes themselves are in sample/outcome.ts, which a plan does not import; a test keeps the two together.
 */
export function isFailureCode(code: string): boolean {
  return CODES.has(code) || /^HTTP_[1-5]\d\d$/.test(code) || /^RPC_-?\d+$/.test(code);
}
