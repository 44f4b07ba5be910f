#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>

void sys_err(const char* str){
    perror(str);
    exit(1);
}

int main(int argc, char* argv[]){
    char *p = NULL;
    int fd;
    
    // 1. 打开文件（创建并清空，读写模式）
    fd = open("mmap.txt", O_CREAT | O_TRUNC | O_RDWR, 0644);
    if(fd == -1){
        sys_err("open error");
    }
    
    // 2. 扩展文件大小（mmap 需要文件有足够大小）
    ftruncate(fd, 4096);  // 扩展到 4096 字节
    
    // 3. 映射文件到内存
    p = mmap(NULL,                    // 让系统选择地址
             4096,                    // 映射 4096 字节
             PROT_READ | PROT_WRITE,  // 读写权限
             MAP_SHARED,              // 共享映射（用于进程间通信）
             fd,                      // 文件描述符
             0);                      // 从文件开头映射
    
    if (p == MAP_FAILED) {
        sys_err("mmap error");
    }
    
    // 4. 使用映射的内存
    strcpy(p, "Hello, mmap!");
    printf("写入的内容: %s\n", p);
    
    // 5. 取消映射
    munmap(p, 4096);
    close(fd);
    
    return 0;
}
