#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sys/wait.h>
#include <string.h>

int main() {
    // 匿名映射（不需要文件）
    char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, 
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    
    if (p == MAP_FAILED) {
        perror("mmap error");
        exit(1);
    }
    
    strcpy(p, "Hello MMAP_ANONYMOUS!!");
    printf("父进程：虚拟地址 = %p, 内容 = %s\n", p, p);
    
    pid_t pid = fork();
    
    if (pid == 0) {
        // 子进程
        printf("子进程：虚拟地址 = %p, 内容 = %s\n", p, p);
        strcpy(p, "Child modified");
        printf("子进程写入后：%s\n", p);
        sleep(2);
    } else {
        // 父进程
        sleep(1);
        printf("父进程读取：%s\n", p);
        strcpy(p, "Parent modified");
        printf("父进程写入后：%s\n", p);
        
        wait(NULL);
        munmap(p, 4096);
    }
    
    return 0;
}
