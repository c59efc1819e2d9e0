// Loaded into a server's process ahead of the server itself (`node --import`), whatever address and port it asks for.
import { type AddressInfo, Server } from 'node:net';

const listen = Server.prototype.listen;

/** Binds to any free port of 127.0.0.1, and tells the parent process which. */
Server.prototype.listen = function (this: Server, ...given: unknown[]): Server {
  this.once('listening', () => process.send?.({ port: (this.address() as AddressInfo).port }));
  const onListening = given.at(-1);
  const options = { host: '127.0.0.1', port: 0 };
  return typeof onListening === 'function'
    ? listen.call(this, options, onListening as () => void)
    : listen.call(this, options);
};

// Whatever becomes of the parent, its server must not outlive it.
process.on('disconnect', () => process.exit());
