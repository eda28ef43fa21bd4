/** What a node refused, or why it could not be asked. */
export class RequestError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'RequestError'
    this.status = status
    this.code = code
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof RequestError && error.status === 404
}

/** JSON of a path of this node. Rejects with a RequestError in the node's words. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await request(path, signal === undefined ? {} : { signal })
  return (await answer.json()) as T
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  const answer = await request(path, signal === undefined ? {} : { signal })
  return answer.text()
}

export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  const answer = await request(path, signal === undefined ? init : { ...init, signal })
  return (await answer.json()) as T
}

/** An answer that is no error. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error
    throw new RequestError(0, 'unreachable', 'the node does not answer: is it still running?')
  })
  if (answer.ok) return answer
  const text = await answer.text()
  throw refusal(answer.status, text)
}

function refusal(status: number, text: string): RequestError {
  try {
    const { error, code } = JSON.parse(text) as { error?: unknown; code?: unknown }
    const told = typeof error === 'string' ? error : text.slice(0, 200)
    return new RequestError(status, typeof code === 'string' ? code : '', told)
  } catch {
    return new RequestError(status, '', text.slice(0, 200) || `the node answered ${status}`)
  }
}
