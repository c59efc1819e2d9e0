// Loaded into a server's process before the server itself (`node --import`).
import { type AddressInfo, Server } from 'node:net';

const listen = Server.prototype.listen;

/**
 * Binds to a free port of 127.0.0.1, whatever address and port the server requests, and reports the port to the parent.
 */
Server.prototype.listen = function (this: Server, ...given: unknown[]): Server {
  this.once('listening', () => process.send?.({ port: (this.address() as AddressInfo).port }));
  const onListening = given.at(-1);
  const options = { host: '127.0.0.1', port: 0 };
  return typeof onListening === 'function'
    ? listen.call(this, options, onListening as () => void)
    : listen.call(this, options);
};

// The server must not outlive its parent process.
process.on('disconnect', () => process.exit());
