import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Changes what a node answers to a path. */
export type Lie = (path: string, body: Uint8Array) => Uint8Array

/** Stands before a node and lies as told. */
export async function openLyingNode(url: string) {
  let lie: Lie = (_path, body) => body
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    const answered = fetch(url + path).then(async (answer) => {
      const body = lie(path, new Uint8Array(await answer.arrayBuffer()))
      const headers = [...answer.headers].filter(([name]) => !/length|encoding|^conn/.test(name))
      response.writeHead(answer.status, Object.fromEntries(headers)).end(body)
    })
    answered.catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    tell: (next: Lie) => {
      lie = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
