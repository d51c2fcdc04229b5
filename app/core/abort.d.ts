/**
 * What the core uses of the abort API, which every JavaScript host has (DOM standard, section 3.2). Declared here
 * because the core is compiled without the types of the DOM and of Node, so that it cannot use either by accident.
 */
interface AbortSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

declare class AbortController {
  readonly signal: AbortSignal;
  abort(): void;
}
