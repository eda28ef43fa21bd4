import { connect, type Socket } from 'node:net'

/**
 * Posts bodies over at most `connections` kept-alive connections; resolves when all are answered with 2xx.
 * Bare sockets: the generator shares the machine with what it measures, and Node's own HTTP client takes
 * a quarter of what the node does for the same message.
 */
export async function postAll(
  url: string,
  bodies: readonly Uint8Array[],
  connections: number,
  contentType = 'application/octet-stream',
): Promise<void> {
  const { hostname, port, host, pathname } = new URL(url)
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: ${contentType}\r\n`
  let at = 0
  const worker = async () => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    try {
      for (let body = bodies[at++]; body !== undefined; body = bodies[at++]) {
        await post(socket, head, body)
      }
    } finally {
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: Math.min(connections, bodies.length) }, worker))
}

function post(socket: Socket, head: string, body: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const end = (error?: Error) => {
      socket.off('data', take)
      socket.off('error', end)
      socket.off('close', leave)
      if (error === undefined) resolve()
      else reject(error)
    }
    const leave = () => end(new Error(`the node left: ${answer}`))
    const take = (part: Buffer) => {
      answer += part.toString('latin1')
      if (!isWhole(answer)) return
      const status = Number(answer.slice(9, 12))
      end(status >= 200 && status < 300 ? undefined : new Error(answer))
    }
    socket.on('data', take)
    socket.once('error', end)
    socket.once('close', leave)
    socket.cork()
    socket.write(`${head}content-length: ${body.length}\r\n\r\n`)
    socket.write(body)
    socket.uncork()
  })
}

/** Answers of a node name their length; one that streams ends with an empty chunk. */
function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.slice(0, headEnd + 2))?.[1]
  if (length === undefined) return answer.endsWith('\r\n0\r\n\r\n')
  return answer.length >= headEnd + 4 + Number(length)
}
