{
  const modules = require('module');
  const promises = {
    'fs/promises': () => require('fs').promises,
    'timers/promises': () => {
      const { promisify } = require('util');
      return { setTimeout: promisify(setTimeout), setImmediate: promisify(setImmediate) };
    },
  };
  const load = modules._load;
  modules._load = function (request, ...rest) {
    const name = request.startsWith('node:') ? request.slice(5) : request;
    return promises[name] ? promises[name]() : load.call(this, name, ...rest);
  };
}
