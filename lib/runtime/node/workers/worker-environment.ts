/** The environment variable by which a worker knows the folder of the workers' sockets. */
export const FOLDER = "ROOKERY_WORKERS"

/** The message by which the primary process has a worker drain and end. */
export const STOP = "rookery:stop"
