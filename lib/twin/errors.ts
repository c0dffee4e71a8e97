/** Every error the twin answers with. Numbers (EC) are OSS's; only documented ones are given. */
interface Row {
  status: number;
  message: string;
  ec?: string;
}

const TABLE = {
  AccessDenied: { status: 403, message: 'Access Denied' },
  AnnotationLimitExceeded: { status: 400, message: 'An object has at most 1,000 annotations.' },
  AnnotationNameTooLong: { status: 400, message: 'The name of an annotation has at most 512 bytes.' },
  AuthorizationHeaderMalformed: { status: 400, message: 'The authorization header you provided is invalid.' },
  BadDigest: { status: 400, message: 'The digest you specified did not match what we received.' },
  BucketAlreadyExists: { status: 409, message: 'The requested bucket name is not available.' },
  InvalidBucketState: {
    status: 409,
    message: 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
  },
  BucketAlreadyOwnedByYou: {
    status: 409,
    message: 'Your previous request to create the named bucket succeeded and you already own it.',
  },
  BucketNotEmpty: { status: 409, message: 'The bucket you tried to delete is not empty.' },
  EntityTooLarge: { status: 400, message: 'Your proposed upload exceeds the maximum allowed size.' },
  EntityTooSmall: {
    status: 400,
    message: 'Your proposed upload smaller than the minimum allowed size.',
    ec: '0042-00000213',
  },
  FileAlreadyExists: { status: 409, message: 'The object you specified already exists and can not be overwritten.' },
  FileImmutable: { status: 409, message: 'The object you specified is immutable.' },
  IncompleteBody: { status: 400, message: 'The request body ended before the announced number of bytes.' },
  InternalError: { status: 500, message: 'We encountered an internal error. Please try again.' },
  InvalidAccessKeyId: {
    status: 403,
    message: 'The access key id you provided does not exist in our records.',
    ec: '0002-00000902',
  },
  InvalidAnnotationName: { status: 400, message: 'The name of the annotation is not valid.' },
  InvalidArgument: { status: 400, message: 'Invalid argument.' },
  InvalidBucketName: { status: 400, message: 'The specified bucket is not valid.' },
  InvalidDigest: { status: 400, message: 'The Content-MD5 you specified was invalid.', ec: '0017-00000503' },
  InvalidEncryptionAlgorithmError: { status: 400, message: 'The encryption algorithm is not valid.' },
  InvalidObjectName: { status: 400, message: 'The specified object is not valid.' },
  InvalidObjectState: { status: 403, message: "The operation is not valid for the object's state" },
  InvalidPart: {
    status: 400,
    message: 'A part in the list was not uploaded, or its entity tag is not the one of the uploaded part.',
  },
  InvalidPartNumber: { status: 416, message: 'The requested partnumber is not satisfiable' },
  InvalidPartOrder: {
    status: 400,
    message: 'The list of parts was not in ascending order.',
    ec: '0042-00000209',
  },
  InvalidRange: { status: 416, message: 'The requested range is not satisfiable' },
  InvalidRequest: { status: 400, message: 'Invalid request.' },
  InvalidSecurityToken: { status: 403, message: 'The security token you provided is invalid.' },
  InvalidStorageClass: { status: 400, message: 'The storage class you specified is not valid' },
  InvalidTag: { status: 400, message: 'The tag provided was not a valid tag.' },
  InvalidTargetType: { status: 400, message: 'The target of the symlink is a symlink itself.' },
  InvalidToken: { status: 400, message: 'The provided token is malformed or otherwise invalid.' },
  InvalidURI: { status: 400, message: "Couldn't parse the specified URI." },
  KeyTooLongError: { status: 400, message: 'Your key is too long' },
  MalformedXML: { status: 400, message: 'The XML you provided was not well-formed.', ec: '0042-00000205' },
  MetadataTooLarge: { status: 400, message: 'Your metadata headers exceed the maximum allowed metadata size' },
  MethodNotAllowed: { status: 405, message: 'The specified method is not allowed against this resource.' },
  MissingContentLength: { status: 411, message: 'You must provide the Content-Length HTTP header.' },
  NoSuchAnnotation: { status: 404, message: 'The specified annotation does not exist.' },
  NoSuchBucket: { status: 404, message: 'The specified bucket does not exist.', ec: '0015-00000101' },
  NoSuchKey: { status: 404, message: 'The specified key does not exist.', ec: '0026-00000001' },
  NoSuchUpload: {
    status: 404,
    message: 'The specified upload does not exist: it was completed or aborted, or never initiated.',
  },
  NoSuchVersion: { status: 404, message: 'The specified version does not exist.', ec: '0012-00000203' },
  NotImplemented: { status: 501, message: 'A part of the request implies functionality that is not implemented.' },
  NotModified: { status: 304, message: 'Not Modified' },
  NotSymlink: { status: 400, message: 'The object is not symlink.' },
  ObjectLockConfigurationNotFoundError: {
    status: 404,
    message: 'Object Lock configuration does not exist for this bucket',
  },
  ObjectNotAppendable: { status: 409, message: 'The object is not appendable' },
  OperationNotSupported: { status: 400, message: 'The operation is not supported for this resource.' },
  PermanentRedirect: { status: 301, message: 'The bucket must be addressed using the specified endpoint.' },
  PositionNotEqualToLength: { status: 409, message: 'Position is not equal to file length' },
  PreconditionFailed: { status: 412, message: 'At least one of the pre-conditions you specified did not hold' },
  RequestTimeTooSkewed: {
    status: 403,
    message: 'The difference between the request time and the current time is too large.',
    ec: '0002-00000504',
  },
  RestoreAlreadyInProgress: { status: 409, message: 'The restore operation is in progress.' },
  SecondLevelDomainForbidden: { status: 403, message: 'Please use virtual hosted style to access.' },
  SignatureDoesNotMatch: {
    status: 403,
    message: 'The signature calculated from the request is not the one provided.',
  },
  SlowDown: { status: 503, message: 'Please reduce your request rate.' },
  SymlinkTargetNotExist: { status: 404, message: 'The symlink target object does not exist' },
  TotalQpsLimitExceeded: { status: 503, message: 'Please reduce your request rate.' },
  UnresolvableGrantByEmailAddress: {
    status: 400,
    message: 'The email address you provided does not match any account on record.',
  },
  UnsupportedMediaType: { status: 415, message: 'An annotation is text in UTF-8.' },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof TABLE;

export interface RefusalDetails {
  message?: string;
  status?: number;
  ec?: string;
  /** More elements of the error document. */
  fields?: Record<string, string>;
  headers?: Record<string, string>;
}

/** An error that is the answer. */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly ec: string | undefined;
  readonly fields: Record<string, string>;
  readonly headers: Record<string, string>;

  constructor(code: string, row: Row, details: RefusalDetails) {
    super(details.message ?? row.message);
    this.name = 'Refusal';
    this.code = code;
    this.status = details.status ?? row.status;
    this.ec = details.ec ?? row.ec;
    this.fields = details.fields ?? {};
    this.headers = details.headers ?? {};
  }
}

export function refuse(code: ErrorCode, details: RefusalDetails = {}): Refusal {
  return new Refusal(code, TABLE[code], details);
}

/** For codes a test makes up: the table's row where there is one, else a bare status. */
export function refuseAny(code: string, status: number, details: RefusalDetails = {}): Refusal {
  const rows: Partial<Record<string, Row>> = TABLE;
  return new Refusal(code, rows[code] ?? { status, message: code }, { status, ...details });
}
