import { schedulerRefused } from './errors.ts'
import { field } from './letters.ts'
import type { Answer, Outbound } from './outbound.ts'
import type { AssignOptions } from './ports.ts'

/** Enough of another node's words to be useful; a page of HTML is not. */
const quotedMax = 300

/** Schedulers of other nodes, spoken to in their own HTTP form. */
export class RemoteScheduler {
  readonly #outbound: Outbound

  constructor(outbound: Outbound) {
    this.#outbound = outbound
  }

  /**
   * Posts an item; resolves with its id where it has a slot, now or since an earlier try. Throws
   * `scheduler-refused` with the kind of the answer's status, or `node-unreachable`.
   */
  async schedule(url: string, item: { id: string; bytes: Uint8Array }): Promise<string> {
    const answer = await this.#outbound.call(`${base(url)}/`, {
      method: 'POST',
      body: item.bytes,
      contentType: 'application/octet-stream',
    })
    return acceptedId(answer) ?? item.id
  }

  /** Assigns an existing item; resolves with the assignment's id. Throws as `schedule`. */
  async assign(
    url: string,
    processId: string,
    messageId: string,
    options: AssignOptions,
  ): Promise<string> {
    const query = new URLSearchParams({ 'process-id': processId, assign: messageId })
    if (options.baseLayer === true) query.set('base-layer', '')
    if (options.exclude !== undefined) query.set('exclude', options.exclude.join(','))
    const answer = await this.#outbound.call(`${base(url)}/?${query}`, { method: 'POST' })
    return acceptedId(answer) ?? messageId
  }
}

/** Our own code for a repeat, and the reference's two texts. */
const repeatText = /^(message|deep hash) already exists/i

/** The id an answer gives, if any; a repeat may quote the first receipt. Throws for a refusal. */
function acceptedId({ status, json, url }: Answer): string | undefined {
  if (status === 200 || status === 202) return textOf(field(json, 'id'))
  const error = field(json, 'error')
  const code = field(json, 'code')
  const text = typeof error === 'string' ? error.slice(0, quotedMax) : 'no reason given'
  if (code === 'message-exists' || repeatText.test(text)) {
    return textOf(field(field(json, 'first'), 'id'))
  }
  throw schedulerRefused(url, status, text, textOf(code))
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function base(url: string): string {
  return url.replace(/\/+$/, '')
}
