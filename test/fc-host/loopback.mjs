// Before a function on the host: what it opens to the whole network is open to this machine only. Function Compute answers
// FunctionNotStarted for a server that listens anywhere else, and so does this.
import net from 'node:net';

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (port, host, ...rest) {
  if (host !== '0.0.0.0') throw new Error(`FunctionNotStarted: the server listens on ${host}, not on 0.0.0.0`);
  return listen.call(this, port, '127.0.0.1', ...rest);
};
