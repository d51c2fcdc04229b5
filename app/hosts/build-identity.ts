/** The identity of this build, the same that the native programs carry. */
import { nativePrograms } from '../adapters/native-programs.ts';

export function buildIdentity(): string {
  return nativePrograms(process.env).build;
}
