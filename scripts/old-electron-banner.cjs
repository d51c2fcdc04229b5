// Put in front of the bundle for the old Electron of the tests: its Node 12 knows no `node:` prefix, no promise modules
// and some newer functions, which a bundler does not lower as it lowers syntax.
{
  // biome-ignore-start lint/style/useNodejsImportProtocol: Node 12 does not know it
  const modules = require('module');
  const promises = {
    'fs/promises': () => require('fs').promises,
    'timers/promises': () => {
      const { promisify } = require('util');
      return { setTimeout: promisify(setTimeout), setImmediate: promisify(setImmediate) };
    },
  };
  // biome-ignore-end lint/style/useNodejsImportProtocol: see above
  const load = modules._load;
  modules._load = function (request, ...rest) {
    const name = request.startsWith('node:') ? request.slice(5) : request;
    return promises[name] ? promises[name]() : load.call(this, name, ...rest);
  };
  const add = (target, name, value) => {
    if (!(name in target)) {
      Object.defineProperty(target, name, { value, configurable: true, writable: true });
    }
  };
  // biome-ignore lint/suspicious/noPrototypeBuiltins: it is what is missing
  add(Object, 'hasOwn', (object, key) => Object.prototype.hasOwnProperty.call(object, key));
  add(String.prototype, 'replaceAll', function (part, other) {
    return this.split(part).join(other);
  });
}
