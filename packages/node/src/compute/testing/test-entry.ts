import { serveCompute } from '../worker/serve.ts'
import { compileTestGuest, testFormat } from './test-guest.ts'

/** Entry of a compute thread that knows the test guest alone. */
serveCompute(new Map([[testFormat, compileTestGuest]]))
