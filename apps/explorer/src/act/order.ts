import { type Signer, signItem } from '@heddle/sdk'
import { request } from '../api/request.ts'

/** An order to the messenger about a process: an item without Type, so that it is no message. */
export async function signAndPost(
  path: string,
  processId: string,
  signer: Signer,
  signal: AbortSignal,
): Promise<{ readonly retried: number }> {
  const draft = { target: processId, data: new TextEncoder().encode(' '), tags: [] }
  const { bytes } = await signItem(signer, draft)
  const headers = { 'content-type': 'application/octet-stream' }
  const body = new Uint8Array(bytes)
  const answer = await request(path, { method: 'POST', body, headers, signal })
  return (await answer.json()) as { readonly retried: number }
}
