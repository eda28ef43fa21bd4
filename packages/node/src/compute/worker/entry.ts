import { compileGuest, guestFormats } from '../guest/compile.ts'
import { compileJsGuest, jsGuestFormat } from '../guest-js/compile.ts'
import type { CompileModule } from './modules.ts'
import { serveCompute } from './serve.ts'

/** Entry of a compute thread of a real node: every format this node runs. */
const formats = new Map<string, CompileModule>([[jsGuestFormat, compileJsGuest]])
for (const format of guestFormats) formats.set(format, (bytes) => compileGuest(bytes, format))

serveCompute(formats)
