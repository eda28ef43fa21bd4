import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * Entry of the thread that carries the index's write-ahead log over into its file: that waits for
 * the disk, which the event loop must not. `checkpoint` runs one and is answered; `close` ends the
 * thread.
 */
const database = new DatabaseSync(String(workerData))
// Never waits for a writer: what cannot be carried over now is carried over next time.
database.exec('PRAGMA busy_timeout = 0')

parentPort?.on('message', (order: 'checkpoint' | 'close') => {
  if (order === 'checkpoint') {
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    parentPort?.postMessage('done')
    return
  }
  database.close()
  parentPort?.close()
})
