/* SPDX-License-Identifier: MIT */
/*
 * A device to talk to: bare-metal firmware for QEMU's mps2-an385 (a Cortex-M3 with a CMSDK UART).
 * It answers lines, and receives files by YMODEM as bootloaders do.
 *
 *     PING          PONG
 *     ECHO text     text
 *     SEND n        n bytes, 'A' to 'Z' in turn, and a line end
 *     SINK n        takes n bytes, then: TAKEN n sum
 *     LOAD          receives files by YMODEM
 *     REPORT        for each of them: LOADED name size crc32, then END
 *     HANG          answers nothing any more
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define UART_DATA         REGISTER(0x40004000)
#define UART_STATE        REGISTER(0x40004004)
#define UART_CONTROL      REGISTER(0x40004008)
#define UART_INTERRUPT    REGISTER(0x4000400c)
#define UART_DIVIDER      REGISTER(0x40004010)
#define INTERRUPT_ENABLE  REGISTER(0xe000e100)
#define SYSTICK_CONTROL   REGISTER(0xe000e010)
#define SYSTICK_RELOAD    REGISTER(0xe000e014)

#define STATE_SEND_FULL    1u
#define STATE_RECEIVE_FULL 2u
#define CONTROL_BOTH_WAYS  0x0bu /* send, receive, interrupt on receive */
#define RECEIVE_INTERRUPT  2u

#define RING_BYTES 65536u
#define TICKS_HZ   10u
#define CLOCK_HZ   25000000u
#define FOREVER    UINT32_MAX
#define LOADED_MAX 8

enum {
	SOH = 1,
	STX = 2,
	EOT = 4,
	ACK = 6,
	NAK = 0x15,
	CAN = 0x18
};

static volatile uint8_t ring[RING_BYTES];
static volatile uint32_t ring_head, ring_tail, ticks;

static struct loaded {
	char name[32];
	uint32_t size;
	uint32_t crc;
} loaded[LOADED_MAX];
static int loaded_count;

void reset(void);
void on_receive(void);
void on_tick(void);
extern uint8_t stack_top[], bss_start[], bss_end[];

void on_receive(void)
{
	UART_INTERRUPT =
		RECEIVE_INTERRUPT; /* before draining, or a byte that comes now is missed */
	while (UART_STATE & STATE_RECEIVE_FULL)
		ring[ring_head++ % RING_BYTES] = (uint8_t)UART_DATA;
}

void on_tick(void)
{
	ticks++;
}

static void hang(void)
{
	for (;;)
		__asm__ volatile("wfi");
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16 + 1] = {
	stack_top,
	reset,
	hang,
	hang,
	[15] = on_tick,
	[16] = on_receive,
};

static void put(uint8_t byte)
{
	while (UART_STATE & STATE_SEND_FULL)
		;
	UART_DATA = byte;
}

/* The next byte, or -1 when none came for so many ticks. */
static int get(uint32_t patience)
{
	uint32_t begun = ticks;

	while (ring_tail == ring_head) {
		if (patience != FOREVER && ticks - begun >= patience)
			return -1;
		__asm__ volatile("wfi");
	}
	return ring[ring_tail++ % RING_BYTES];
}

static void put_text(const char *text)
{
	while (*text)
		put((uint8_t)*text++);
}

static void put_number(uint32_t number, uint32_t base)
{
	char digits[12];
	int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (count)
		put((uint8_t)digits[--count]);
}

static uint32_t number_at(const char *text)
{
	uint32_t number = 0;

	while (*text >= '0' && *text <= '9')
		number = number * 10 + (uint32_t)(*text++ - '0');
	return number;
}

static uint16_t crc16(const uint8_t *data, uint32_t bytes)
{
	uint16_t crc = 0;

	while (bytes--) {
		crc ^= (uint16_t)(*data++ << 8);
		for (int bit = 0; bit < 8; bit++)
			crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
	}
	return crc;
}

static uint32_t crc32(uint32_t crc, const uint8_t *data, uint32_t bytes)
{
	while (bytes--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return crc;
}

/* One block into `data`. Returns its size, 0 for the file's end, -1 for nothing or nonsense, -2
 * when the sender cancelled. */
static int receive_block(uint8_t *data, uint8_t *number)
{
	int first = get(TICKS_HZ), size = first == STX ? 1024 : 128;
	uint8_t head[2];

	if (first == EOT || first == CAN)
		return first == EOT ? 0 : -2;
	if (first != SOH && first != STX)
		return -1;
	for (int i = -2; i < size + 2; i++) {
		int byte = get(TICKS_HZ);

		if (byte < 0)
			return -1;
		if (i < 0)
			head[i + 2] = (uint8_t)byte;
		else
			data[i] = (uint8_t)byte;
	}
	*number = head[0];
	if ((head[0] ^ head[1]) != 0xff || crc16(data, (uint32_t)size + 2))
		return -1;
	return size;
}

/* Receives one file. Returns false when the batch is over. */
static bool load_file(char *name, uint32_t *ret_size, uint32_t *ret_crc)
{
	static uint8_t data[1026];
	uint32_t left = 0, crc = 0xffffffff;
	uint8_t expected = 0, number = 0;
	bool begun = false;

	put('C');
	for (;;) {
		int size = receive_block(data, &number);
		uint32_t length = 0;

		if (size == -2)
			return false;
		if (size == 0) {
			put(ACK);
			break;
		}
		if (size < 0) {
			put(begun ? NAK : 'C');
			continue;
		}
		put(ACK);
		if (number != expected)
			continue;
		expected++;
		if (begun) {
			length = left < (uint32_t)size ? left : (uint32_t)size;
			crc = crc32(crc, data, length);
			left -= length;
			continue;
		}
		if (!data[0])
			return false;
		while (length < 31 && data[length]) {
			name[length] = (char)data[length];
			length++;
		}
		name[length] = '\0';
		*ret_size = left = number_at((char *)data + length + 1);
		begun = true;
		put('C');
	}
	*ret_crc = crc;
	return true;
}

static void load(void)
{
	loaded_count = 0;
	while (loaded_count < LOADED_MAX) {
		struct loaded *file = &loaded[loaded_count];

		if (!load_file(file->name, &file->size, &file->crc))
			return;
		loaded_count++;
	}
}

static void report(void)
{
	for (int i = 0; i < loaded_count; i++) {
		put_text("LOADED ");
		put_text(loaded[i].name);
		put(' ');
		put_number(loaded[i].size, 10);
		put(' ');
		put_number(~loaded[i].crc, 16);
		put('\n');
	}
	put_text("END\n");
}

static bool begins(const char *line, const char *word)
{
	while (*word)
		if (*line++ != *word++)
			return false;
	return true;
}

static void sink(uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++)
		sum += (uint8_t)get(FOREVER);
	put_text("TAKEN ");
	put_number(bytes, 10);
	put(' ');
	put_number(sum, 10);
	put('\n');
}

static void answer(const char *line)
{
	if (begins(line, "PING")) {
		put_text("PONG\n");
	} else if (begins(line, "ECHO ")) {
		put_text(line + 5);
		put('\n');
	} else if (begins(line, "SEND ")) {
		for (uint32_t i = 0, bytes = number_at(line + 5); i < bytes; i++)
			put((uint8_t)('A' + i % 26));
		put('\n');
	} else if (begins(line, "SINK ")) {
		sink(number_at(line + 5));
	} else if (begins(line, "LOAD")) {
		load();
	} else if (begins(line, "REPORT")) {
		report();
	} else if (begins(line, "HANG")) {
		hang();
	} else {
		put_text("WHAT?\n");
	}
}

static void serve(void)
{
	static char line[256];
	uint32_t used = 0;

	for (;;) {
		int byte = get(FOREVER);

		if (byte != '\n' && byte != '\r') {
			if (used < sizeof(line) - 1)
				line[used++] = (char)byte;
			continue;
		}
		line[used] = '\0';
		if (used)
			answer(line);
		used = 0;
	}
}

void reset(void)
{
	for (uint8_t *byte = bss_start; byte < bss_end; byte++)
		*(volatile uint8_t *)byte = 0;
	UART_DIVIDER = 16;
	UART_CONTROL = CONTROL_BOTH_WAYS;
	(void)UART_DATA; /* what came before it was enabled blocks the interrupt */
	SYSTICK_RELOAD = CLOCK_HZ / TICKS_HZ;
	SYSTICK_CONTROL = 7;
	INTERRUPT_ENABLE = 1;
	put_text("READY\n");
	serve();
}
