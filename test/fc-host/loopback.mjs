// Before a function on the host: what it opens to the whole network is open to this machine only. Function Compute answers
// FunctionNotStarted for a server that listens anywhere else, and so does this.
import http from 'node:http';
import net from 'node:net';

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (port, host, ...rest) {
  if (host !== '0.0.0.0') throw new Error(`FunctionNotStarted: the server listens on ${host}, not on 0.0.0.0`);
  return listen.call(this, port, '127.0.0.1', ...rest);
};

// The clock goes as far ahead as the newest invocation says.
const RealDate = Date;
let ahead = 0;
globalThis.Date = class Date extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + ahead);
    else super(...given);
  }

  static now() {
    return RealDate.now() + ahead;
  }
};
const { emit } = http.Server.prototype;
http.Server.prototype.emit = function (name, ...rest) {
  const [request] = rest;
  if (name === 'request' && request.headers['x-host-ahead'] !== undefined) {
    ahead = Number(request.headers['x-host-ahead']);
    delete request.headers['x-host-ahead'];
  }
  return emit.call(this, name, ...rest);
};
