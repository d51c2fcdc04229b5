/** What the answers say by which an API server, or a gateway before it, refuses a request. */
import { z } from 'zod';
import { plainText } from '../credentials/exec-plugin.ts';
import { ApiRefusal } from './exchange.ts';

const statusSchema = z.object({
  message: z.string().nullish(),
  reason: z.string().nullish(),
  details: z.object({ kind: z.string().nullish(), name: z.string().nullish() }).nullish(),
});
export type ApiStatus = z.infer<typeof statusSchema>;

/** HTTP status of an API server's refusal, or null where the error is something else. */
export function statusCodeOf(error: unknown): number | null {
  return error instanceof ApiRefusal ? error.statusCode : null;
}

/** The API server's own words (metav1.Status); empty where it sent none. */
export function apiStatusOf(error: unknown): ApiStatus {
  const body = error instanceof ApiRefusal ? error.body : '';
  let document: unknown = null;
  try {
    document = body === '' ? null : JSON.parse(body);
  } catch {
    return { message: plainText(body) };
  }
  const parsed = statusSchema.safeParse(document);
  return parsed.success ? parsed.data : {};
}

/** True for a refusal by the authorizer, false for one by admission (quota, policy), which also answers 403. */
export function isAuthorizationRefusal(error: unknown): boolean {
  const message = apiStatusOf(error).message ?? '';
  return statusCodeOf(error) === 403 && (message === '' || /\bcannot \S+ (resource|path)\b/.test(message));
}

/** Statuses of a server that cannot serve now. 501 says that it never will. */
export function isBusyStatus(statusCode: number): boolean {
  return statusCode === 429 || (statusCode >= 500 && statusCode !== 501);
}

/** A webhook or a policy answers with whatever status it likes; asked again it would say the same. */
export function isVerdict(error: ApiRefusal): boolean {
  return /\b(admission|webhook|denied the request)\b/i.test(apiStatusOf(error).message ?? '');
}

/** What a refusal says in one line; its status where that is nothing but a page of a load balancer. */
export function saidBy(error: ApiRefusal): string {
  const message = apiStatusOf(error).message ?? '';
  return message === '' || isPage(message) ? `HTTP ${error.statusCode}` : plainText(message);
}

/** Whether it is in the API server's own words (metav1.Status), and not in those of a gateway before it. */
export function isStatus({ body }: ApiRefusal): boolean {
  try {
    return z.object({ kind: z.literal('Status') }).safeParse(JSON.parse(body)).success;
  } catch {
    return false;
  }
}

/** Characters of a page that are told. */
const longestPage = 160;

/** The status and what was said, a page without its markup. */
export function answerWords({ statusCode, body }: ApiRefusal): string {
  const text = plainText(isPage(body) ? body.replaceAll(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ') : body);
  const words = text.replaceAll(/\s+/g, ' ').trim();
  return `${statusCode} ${words.length > longestPage ? `${words.slice(0, longestPage)}…` : words}`.trim();
}

/** HTML is said by what stands before the API server, never by itself. */
export function isPage(text: string): boolean {
  return /^\s*<(?:!doctype|html|head|body|\?xml)/i.test(text);
}

export function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : String(error ?? '');
}
