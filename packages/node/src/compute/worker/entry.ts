import { workerData } from 'node:worker_threads'
import { createRuntime } from '../../runtime/index.ts'
import { compileGuest, guestFormats } from '../guest/compile.ts'
import { compileJsGuest, jsGuestFormat } from '../guest-js/compile.ts'
import { compileRawGuest, rawFormats } from '../guest-raw/compile.ts'
import { createPreparedCache, prepareAnew } from '../prepare/cache.ts'
import type { CompileModule } from './modules.ts'
import type { WorkerSettings } from './protocol.ts'
import { serveCompute } from './serve.ts'

/** Entry of a compute thread of a real node: every format this node runs. */
const settings = workerData as WorkerSettings
const { disk } = createRuntime()
const { preparedFolder: folder } = settings
const prepare = folder === undefined ? prepareAnew : createPreparedCache(disk, folder)

const formats = new Map<string, CompileModule>()
formats.set(jsGuestFormat, (bytes) => compileJsGuest(bytes, prepare))
for (const format of guestFormats)
  formats.set(format, (bytes) => compileGuest(bytes, format, { prepare }))
for (const format of rawFormats)
  formats.set(format, (bytes) => compileRawGuest(bytes, format, prepare))

serveCompute(formats)
