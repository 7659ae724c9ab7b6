/**
 * Applies decorators as compiled TypeScript does: these files are not compiled.
 * @param {Function[]} decorators
 * @param {any} target a class, or with `key` the prototype that has the method
 * @param {string} [key]
 */
export function decorate(decorators, target, key) {
  const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
  for (const decorator of decorators.toReversed()) {
    decorator(target, key, descriptor);
  }
}

/** The decorator of a method's parameter. */
export function param(index, decorator) {
  return (target, key) => decorator(target, key, index);
}

/** The types of a constructor's parameters, for Nest to inject. */
export function injects(...types) {
  return (target) => Reflect.defineMetadata('design:paramtypes', types, target);
}
