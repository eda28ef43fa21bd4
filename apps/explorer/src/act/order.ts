import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem } from '@heddle/protocol/item'
import type { Signer } from '@heddle/sdk'
import { request } from '../api/request.ts'

/** An order to the messenger about a process: an item without Type, so that it is no message. */
export async function signAndPost(
  path: string,
  processId: string,
  signer: Signer,
  signal: AbortSignal,
): Promise<{ readonly retried: number }> {
  const anchor = crypto.getRandomValues(new Uint8Array(32))
  const draft = { target: processId, data: new TextEncoder().encode(' '), tags: [], anchor }
  const { bytes } = await createItem(draft, signer, portableCrypto)
  const headers = { 'content-type': 'application/octet-stream' }
  const body = new Uint8Array(bytes)
  const answer = await request(path, { method: 'POST', body, headers, signal })
  return (await answer.json()) as { readonly retried: number }
}
