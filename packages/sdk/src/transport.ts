import { type ErrorKind, HeddleError } from '@heddle/protocol/base'

export type Fetch = typeof globalThis.fetch

/** How requests reach one node. */
export type Transport = {
  readonly url: string
  get(path: string, signal?: AbortSignal): Promise<Response>
  post(path: string, body: BodyInit, contentType: string, signal?: AbortSignal): Promise<Response>
  delete(path: string, body: BodyInit, signal?: AbortSignal): Promise<Response>
}

const kindOfStatus: Readonly<Record<number, ErrorKind>> = {
  400: 'invalid',
  403: 'denied',
  404: 'missing',
  409: 'conflict',
  413: 'invalid',
  429: 'exhausted',
  503: 'unavailable',
}

/** What a node refused, as an error with the node's own code and words. */
async function refusal(response: Response): Promise<HeddleError> {
  const text = await response.text()
  const kind = kindOfStatus[response.status] ?? (response.status < 500 ? 'invalid' : 'unavailable')
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && 'error' in body) {
      const code = 'code' in body ? String(body.code) : 'node-refused'
      return new HeddleError(code, kind, String(body.error), { status: response.status })
    }
  } catch {
    // Not JSON: the text itself is the best there is.
  }
  const told = text.slice(0, 200) || response.statusText
  return new HeddleError('node-refused', kind, `the node answered ${response.status}: ${told}`)
}

export function createTransport(url: string, fetch: Fetch): Transport {
  const base = url.replace(/\/+$/, '')
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    let response: Response
    try {
      response = await fetch(base + path, init)
    } catch (cause) {
      if (init.signal?.aborted) throw cause
      const text = `no node answers at ${base}: start one with \`heddle up\`, or give another --url`
      throw new HeddleError('node-unreachable', 'unavailable', text, { url: base }, { cause })
    }
    if (!response.ok) throw await refusal(response)
    return response
  }
  const withSignal = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
  return {
    url: base,
    get: (path, signal) => request(path, withSignal(signal)),
    post: (path, body, contentType, signal) => {
      const headers = { 'content-type': contentType, accept: 'application/json' }
      return request(path, { method: 'POST', body, headers, ...withSignal(signal) })
    },
    delete: (path, body, signal) => {
      const headers = { 'content-type': 'application/octet-stream' }
      return request(path, { method: 'DELETE', body, headers, ...withSignal(signal) })
    },
  }
}
