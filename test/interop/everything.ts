/** The MCP project's own server for trying clients; takes the transport as argument. Its tool get-env is not to be called. */
export const EVERYTHING = '@modelcontextprotocol/server-everything/dist/index.js';
