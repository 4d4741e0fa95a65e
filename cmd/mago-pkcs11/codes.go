package main

// Codes that a module returns (pkcs11t.h).
const (
	deviceError      code = 0x30
	deviceMemory     code = 0x31
	deviceRemoved    code = 0x32
	functionCanceled code = 0x50
	pinIncorrect     code = 0xA0
	pinInvalid       code = 0xA1
	pinLength        code = 0xA2
	pinExpired       code = 0xA3
	pinIsLocked      code = 0xA4
	sessionClosed    code = 0xB0
	sessionInvalid   code = 0xB3
	tokenNotPresent  code = 0xE0
	tokenUnknown     code = 0xE1
	alreadyLoggedIn  code = 0x100
)

// codes are the names of codes, for people who look for them.
var codes = map[code]string{
	0x2: "CKR_HOST_MEMORY", 0x3: "CKR_SLOT_ID_INVALID", 0x5: "CKR_GENERAL_ERROR", 0x6: "CKR_FUNCTION_FAILED", 0x7: "CKR_ARGUMENTS_BAD",
	deviceError: "CKR_DEVICE_ERROR", deviceMemory: "CKR_DEVICE_MEMORY", deviceRemoved: "CKR_DEVICE_REMOVED", functionCanceled: "CKR_FUNCTION_CANCELED",
	0x54: "CKR_FUNCTION_NOT_SUPPORTED", 0x60: "CKR_KEY_HANDLE_INVALID", 0x63: "CKR_KEY_TYPE_INCONSISTENT", 0x68: "CKR_KEY_FUNCTION_NOT_PERMITTED",
	0x70: "CKR_MECHANISM_INVALID", 0x71: "CKR_MECHANISM_PARAM_INVALID", 0x82: "CKR_OBJECT_HANDLE_INVALID",
	pinIncorrect: "CKR_PIN_INCORRECT", pinInvalid: "CKR_PIN_INVALID", pinLength: "CKR_PIN_LEN_RANGE", pinExpired: "CKR_PIN_EXPIRED", pinIsLocked: "CKR_PIN_LOCKED",
	sessionClosed: "CKR_SESSION_CLOSED", 0xB1: "CKR_SESSION_COUNT", sessionInvalid: "CKR_SESSION_HANDLE_INVALID",
	tokenNotPresent: "CKR_TOKEN_NOT_PRESENT", tokenUnknown: "CKR_TOKEN_NOT_RECOGNIZED",
	alreadyLoggedIn: "CKR_USER_ALREADY_LOGGED_IN", 0x101: "CKR_USER_NOT_LOGGED_IN", 0x102: "CKR_USER_PIN_NOT_INITIALIZED",
}
