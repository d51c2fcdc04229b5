/** How pieces write to the clipboard: the host decides, so they get it by context. */
import { createContext, useContext } from 'react';

/** Answers whether the clipboard took it. */
export type Copy = (text: string) => Promise<boolean>;

export const CopyContext = createContext<Copy>(async () => false);
export const useCopy = (): Copy => useContext(CopyContext);
