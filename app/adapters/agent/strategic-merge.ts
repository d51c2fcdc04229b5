/**
 * A strategic merge patch over a pod's template, as `kubectl patch` and the API server do it (k8s.io/apimachinery
 * strategicpatch; merge keys: k8s.io/api/core/v1 types.go, `patchMergeKey`): objects are merged, null removes, lists are
 * replaced unless their items have a key. Directives ($patch …) are not taken. No library of npm does it.
 */
import type { JsonObject } from '../../contract/index.ts';

type Json = JsonObject[string];

/** By the list's path, items left out. */
const mergeKeys: ReadonlyMap<string, string> = new Map([
  ['spec.volumes', 'name'],
  ['spec.imagePullSecrets', 'name'],
  ['spec.hostAliases', 'ip'],
  ['spec.topologySpreadConstraints', 'topologyKey'],
  ['spec.schedulingGates', 'name'],
  ['spec.resourceClaims', 'name'],
  ...['containers', 'initContainers', 'ephemeralContainers'].flatMap((list): [string, string][] => [
    [`spec.${list}`, 'name'],
    [`spec.${list}.env`, 'name'],
    [`spec.${list}.ports`, 'containerPort'],
    [`spec.${list}.volumeMounts`, 'mountPath'],
    [`spec.${list}.volumeDevices`, 'devicePath'],
  ]),
]);

export function strategicMerge<Template>(template: Template, patch: JsonObject): Template {
  return mergeObjects(template as JsonObject, patch, '') as Template;
}

function mergeObjects(original: JsonObject, patch: JsonObject, path: string): JsonObject {
  const merged: Record<string, Json> = { ...original };
  for (const [key, value] of Object.entries(patch)) {
    const inside = path === '' ? key : `${path}.${key}`;
    if (value === null) {
      delete merged[key];
    } else {
      merged[key] = merge(merged[key], value, inside);
    }
  }
  return merged;
}

function merge(original: Json | undefined, patch: Json, path: string): Json {
  const key = mergeKeys.get(path);
  if (Array.isArray(patch) && key !== undefined) {
    return mergeLists(Array.isArray(original) ? original : [], patch, key, path);
  }
  return isObject(patch) ? mergeObjects(isObject(original) ? original : {}, patch, path) : patch;
}

/** Items of the patch that are new come first, as the API server has them. */
function mergeLists(original: readonly Json[], patch: readonly Json[], key: string, path: string): Json[] {
  const keyOf = (item: Json) => (isObject(item) ? item[key] : undefined);
  const isNew = (item: Json) => !original.some((one) => keyOf(one) === keyOf(item));
  const kept = original.map((item) => {
    const change = patch.find((one) => keyOf(one) === keyOf(item));
    return isObject(item) && isObject(change) ? mergeObjects(item, change, path) : item;
  });
  return [...patch.filter(isNew).map((item) => merge(undefined, item, path)), ...kept];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
