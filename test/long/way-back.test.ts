import { holdWayBack } from '../host/way-back-fuzz.ts'

holdWayBack(100)
