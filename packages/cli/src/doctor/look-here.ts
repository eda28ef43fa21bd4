import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { lockDataFolder } from '@heddle/node/main'
import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { type Finding, fault, good, warning } from './finding.ts'

/** What of this machine is looked at. */
export type Place = {
  readonly dataFolder: string
  readonly host: string
  readonly port: number
  /** The node's key where it is not in the data folder. */
  readonly keyFile: string | undefined
  readonly walletFile: string
  /** A node answers at the URL asked: it then has port and folder. */
  readonly isNodeUp: boolean
}

const mebibyte = 2 ** 20
/** Below this appends begin to fail soon; below the other, an operator should act in time. */
const freeBytesLeast = 256 * mebibyte
const freeBytesGood = 4096 * mebibyte
const nodeVersionLeast = 24
/** Rights of anybody but the owner. */
const othersMode = 0o077

/** Looks at disk, lock, port, keys and the Node that runs this. Nothing is changed. */
export async function lookHere(place: Place): Promise<Finding[]> {
  return [runningNode(), ...(await folder(place)), await portOf(place), ...(await keys(place))]
}

function runningNode(): Finding {
  const { node } = process.versions
  if (Number(node.split('.')[0]) >= nodeVersionLeast) return good('runtime', `Node ${node}`)
  const advice = `npm ci brings Node ${nodeVersionLeast}; start heddle by npx heddle`
  return fault('runtime', `Node ${node} is too old`, advice)
}

async function folder({ dataFolder, isNodeUp }: Place): Promise<Finding[]> {
  const path = resolve(dataFolder)
  const looked = await nearestThere(path)
  const exists = looked === path
  const findings: Finding[] = []
  try {
    await access(join(looked, '.'), constants.W_OK | constants.X_OK)
    const text = exists ? `${path} can be written` : `${path} is made at the first start`
    findings.push(good('folder', text))
  } catch (error) {
    const text = `${looked} cannot be written: ${errorMessage(error)}`
    return [
      fault('folder', text, 'give its user the right to write, or choose another: --data DIR'),
    ]
  }
  findings.push(await freeSpace(looked))
  if (exists) findings.push(lock(path, isNodeUp))
  return findings
}

async function freeSpace(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(path)
  const free = bavail * bsize
  const text = `${Math.floor(free / mebibyte).toLocaleString('en')} MiB free`
  const advice =
    'make room, or move the data folder to a larger disk (node stopped) and name it by --data'
  if (free < freeBytesLeast) return fault('disk', text, advice)
  return free < freeBytesGood ? warning('disk', text, advice) : good('disk', text)
}

function lock(path: string, isNodeUp: boolean): Finding {
  try {
    lockDataFolder(path).release()
  } catch (error) {
    if (!isHeddleError(error, 'data-folder-in-use')) {
      return fault(
        'lock',
        errorMessage(error),
        'look at the rights of lock.sqlite in the data folder',
      )
    }
    if (isNodeUp) return good('lock', 'a node has the data folder')
    const advice = 'find it by its port (--url), or stop it before you start another'
    return warning('lock', 'a node has the data folder, but none answers at the URL asked', advice)
  }
  return good('lock', 'no node has the data folder')
}

async function portOf({ host, port, isNodeUp }: Place): Promise<Finding> {
  if (isNodeUp) return good('port', 'a node answers')
  if (port === 0) return good('port', 'the system chooses one')
  const failure = await tryListening(host, port)
  if (failure === undefined) return good('port', `${port} on ${host} is free`)
  const advice = 'choose another with --port (0: any free one), or end what has it'
  return fault('port', `${port} on ${host}: ${failure}`, advice)
}

function tryListening(host: string, port: number): Promise<string | undefined> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error) => done(error.message))
    server.listen(port, host, () => server.close(() => done(undefined)))
  })
}

async function keys({ dataFolder, keyFile, walletFile }: Place): Promise<Finding[]> {
  const nodeKey = keyFile ?? join(resolve(dataFolder), 'node-key.json')
  const found: Finding[] = []
  for (const [check, path] of [['node key', nodeKey] as const, ['wallet', walletFile] as const]) {
    const file = await stat(path).catch(() => undefined)
    if (file === undefined) {
      if (check === 'node key' && keyFile !== undefined) {
        found.push(fault(check, `${path} is not there`, 'name an existing one with --key FILE'))
      } else found.push(good(check, `${path} is made at its first use`))
    } else if (process.platform !== 'win32' && (file.mode & othersMode) !== 0) {
      found.push(warning(check, `others can read ${path}`, `chmod 600 ${path}`))
    } else found.push(good(check, `${path} is its owner’s alone`))
  }
  return found
}

/** The folder itself, or the nearest above it that exists: a node makes those between. */
async function nearestThere(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  return isThere || dirname(path) === path ? path : nearestThere(dirname(path))
}
