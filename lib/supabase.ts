export { supabase, type UserBroadcast } from "./serializer/supabase.js"
export type { Codec, Frame, IncomingFrame, Serializer } from "./serializer/serializer.js"
