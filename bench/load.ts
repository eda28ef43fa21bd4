import { Agent, request } from 'node:http'

/** Posts bodies over at most `connections` kept-alive connections; resolves when all are answered with 2xx. */
export async function postAll(
  url: string,
  bodies: readonly Uint8Array[],
  connections: number,
  contentType = 'application/octet-stream',
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let at = 0
  const worker = async () => {
    for (let body = bodies[at++]; body !== undefined; body = bodies[at++]) {
      await post(url, body, agent, contentType)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  agent.destroy()
}

function post(url: string, body: Uint8Array, agent: Agent, contentType: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': contentType, 'content-length': body.length }
    const sent = request(url, { method: 'POST', agent, headers }, (reply) => {
      let text = ''
      reply.on('data', (chunk) => {
        text += chunk
      })
      reply.on('end', () => {
        const ok = reply.statusCode !== undefined && reply.statusCode < 300
        if (ok) resolve()
        else reject(new Error(`${reply.statusCode} ${text}`))
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
