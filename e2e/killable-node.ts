import { createServer } from 'node:net'
import { createRuntime } from '@heddle/node/runtime'
import { type NodeProcess, newDataFolder, removeFolder, startNodeProcess } from './node-process.ts'

const { random } = createRuntime()

const nodes: NodeProcess[] = []
const folders: string[] = []

export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** From 0 up to 1. */
export const chance = () => (random.bytes(1)[0] ?? 0) / 256

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

/** A node that can be killed and comes back on the same folder and port. */
export async function openKillable(args: (port: number) => string[] = () => [], port?: number) {
  const folder = newDataFolder()
  folders.push(folder)
  const own = port ?? (await freePort())
  const start = async () => {
    const node = await startNodeProcess(folder, ['--port', String(own), ...args(own)])
    nodes.push(node)
    return node
  }
  let node = await start()
  return {
    url: node.url,
    async killAndRestart() {
      await node.kill()
      nodes.splice(nodes.indexOf(node), 1)
      node = await start()
    },
  }
}

/** Ends all that was opened and removes their folders. */
export async function closeKillables(): Promise<void> {
  await Promise.all(nodes.splice(0).map((node) => node.kill()))
  folders.splice(0).forEach(removeFolder)
}
