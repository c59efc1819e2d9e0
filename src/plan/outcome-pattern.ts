/** The form of every outcome code; the codes themselves are in sample/outcome.ts. */
export const outcomePattern = /^(NET|TMO|HTTP|AUTH|SESS|PROTO|SSE|RPC|TOOL|CLIENT)_-?[0-9A-Z_]+$/;
