/* SPDX-License-Identifier: MIT */
/*
 * What the XMODEM and YMODEM sender and receiver share: the words of the protocol, blocks, and the
 * header block that names a file. After Ward Christensen's and Chuck Forsberg's "XMODEM/YMODEM
 * Protocol Reference" (1988).
 *
 *     block     SOH|STX  number  255-number  128|1024 bytes  CRC-16 (2, high first) or sum (1)
 *     header    number 0: name NUL size(decimal) SP mtime(octal) SP mode(octal) NUL..., YMODEM only
 *
 * Nothing here does I/O or reads a clock: bytes and times come in as arguments, bytes go out
 * through the state machine's `output`.
 */
#ifndef SERIALCTL_MODEM_H
#define SERIALCTL_MODEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum modem_byte {
	MODEM_SOH = 0x01, /* a block of 128 bytes follows */
	MODEM_STX = 0x02, /* a block of 1024 bytes follows */
	MODEM_EOT = 0x04,
	MODEM_ACK = 0x06,
	MODEM_NAK = 0x15,
	MODEM_CAN = 0x18, /* two in a row cancel */
	MODEM_SUB = 0x1a, /* fills up the last block */
	MODEM_CRC = 'C',  /* the receiver wants CRCs */
};

enum modem_protocol {
	MODEM_XMODEM,          /* the receiver asks for CRCs, and after a while for sums */
	MODEM_XMODEM_CHECKSUM, /* sums only */
	MODEM_XMODEM_1K,       /* as XMODEM, in blocks of 1024 bytes */
	MODEM_YMODEM,          /* 1024 bytes, and files with name, size and time */
};

#define MODEM_SHORT_BYTES  128u
#define MODEM_LONG_BYTES   1024u
#define MODEM_BLOCK_BYTES  (3 + MODEM_LONG_BYTES + 2) /* the longest block on the wire */
#define MODEM_NAME_BYTES   256u                       /* the longest file name, NUL included */
#define MODEM_CANCEL_BYTES 8u                         /* how many CANs are sent to make sure */
#define MODEM_TRIES        10u                        /* for one block, before giving up */
#define MODEM_SIZE_UNKNOWN UINT64_MAX

/* How long to wait. The defaults are the reference's. */
struct modem_timing {
	uint64_t start_ns;  /* for the other side to begin at all: 60 s */
	uint64_t reply_ns;  /* for an answer, or for the next block: 10 s */
	uint64_t prompt_ns; /* between two invitations to begin: 3 s */
	uint64_t quiet_ns;  /* a line silent for so long is idle: 1 s */
};
extern const struct modem_timing modem_timing_default;

/* A file as YMODEM's header block describes it. */
struct modem_file {
	char name[MODEM_NAME_BYTES];
	uint64_t size_bytes; /* MODEM_SIZE_UNKNOWN if not told */
	int64_t modified_s;  /* 0 if not told */
	uint32_t mode;       /* 0 if not told */
};

/* What a state machine wants next. */
enum modem_step {
	MODEM_STEP_WAIT,   /* input, or the passing of deadline_ns */
	MODEM_STEP_OUTPUT, /* `output` to be written whole */
	MODEM_STEP_FILE,   /* sender: the next file. receiver: a file begins */
	MODEM_STEP_DATA,   /* sender: `want_bytes` of the file. receiver: `data` to be kept */
	MODEM_STEP_END,    /* receiver: the file is complete and wants finishing */
	MODEM_STEP_DONE,
	MODEM_STEP_FAILED, /* `error` says why: -ETIMEDOUT, -ECANCELED, -EPROTO or the caller's */
};

/* Builds a block around `bytes` of data, filled up to 128 or 1024 bytes with `fill`. Returns its
 * length on the wire. `bytes` is at most 1024; `block` has room for MODEM_BLOCK_BYTES. */
size_t modem_block_build(
	uint8_t *block, uint8_t number, const uint8_t *data, size_t bytes, uint8_t fill, bool crc);

/* How long a block is that begins with SOH or STX. */
size_t modem_block_bytes(uint8_t first, bool crc);
/* Where a received block's data ends up: at block + 3. */
size_t modem_block_data_bytes(uint8_t first);
/* Whether number and check of a complete block are right. */
bool modem_block_valid(const uint8_t *block, bool crc);

/* Writes a file's header into `data` (1024 bytes). Returns its length, or -ENAMETOOLONG. */
int modem_header_pack(const struct modem_file *file, uint8_t *data);
/* Reads one. An empty name, which ends a batch, is not an error. -EPROTO when it has no end. */
int modem_header_parse(const uint8_t *data, size_t bytes, struct modem_file *ret_file);

#endif
